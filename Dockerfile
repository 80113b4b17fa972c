# SPDX-License-Identifier: GPL-3.0-or-later
# Two stages: build with the development packages, run with the libraries alone, not as root.
#
#   docker build -t yaga .
#   docker run --rm -v /etc/yaga:/etc/yaga:ro -v yaga:/var/lib/yaga yaga train
#   docker run -d   -v /etc/yaga:/etc/yaga:ro -v yaga:/var/lib/yaga yaga scheduler
FROM debian:12-slim AS build
COPY . /src
WORKDIR /src
RUN ./dev build && DESTDIR=/out meson install -C build --no-rebuild

FROM debian:12-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates tzdata libcurl4 libsqlite3-0 libopenblas0-serial \
      liblapacke libgsl27 libconfig9 libjansson4 zlib1g libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 1000 --home-dir /var/lib/yaga yaga \
 && install -d -o yaga -g yaga -m 0750 /var/lib/yaga
COPY --from=build /out/usr/local/bin/ /usr/local/bin/
COPY schedules/entrypoint.sh /usr/local/bin/yaga-entrypoint
USER yaga
WORKDIR /var/lib/yaga
ENV CONFIG_FILE=/etc/yaga/yaga.cfg
ENTRYPOINT ["yaga-entrypoint"]
CMD ["scheduler"]

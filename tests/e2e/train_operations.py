#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator asks of yaga-train, and what the files say about it afterwards."""
import datetime
import pathlib
import sys
import tempfile

from promotion_under_fire import SERVICES, START, Shop


def everything(folder):
    """{path: bytes, or where a link leads}"""
    return {str(p.relative_to(folder)): str(p.readlink()) if p.is_symlink() else p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.is_symlink() or p.is_file()}


def says(result, *texts):
    missing = [text for text in texts if text not in result.stderr]
    assert not missing, f"{missing} not in:\n{result.stderr}"


# --- room and backups ----------------------------------------------------------------------------------------


def too_little_room_is_said_before_anything_is_trained(shop):
    """A file system without any room is at hand everywhere."""
    before = everything(shop.models)
    result = shop.train(expect=3, model__staging_directory="/proc/staging")
    says(result, "/proc/staging: 0 bytes free, ", " needed", "model.staging_directory", "--skip-disk-check")
    result = shop.train(expect=3, args=["--keep-backup"], model__backup_directory="/proc/backup")
    says(result, "/proc/backup: 0 bytes free, ", "model.backup_directory")
    assert everything(shop.models) == before
    result = shop.train(expect=5, args=["--skip-disk-check"], model__staging_directory="/proc/staging")
    says(result, "promotion_failed", "/proc/staging")
    assert everything(shop.models) == before


def a_backup_is_a_models_folder_of_its_own(shop):
    before = everything(shop.models)
    shop.train(args=["--keep-backup", "--backup-dir", shop.folder / "kept"])
    stamp = datetime.datetime.fromtimestamp(shop.now, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    copy = shop.folder / "kept" / stamp
    assert everything(copy) == before != everything(shop.models)
    shown = shop.yaga.run("yaga-train", "--list-models", "--models-dir", copy).stdout
    assert shown.count(" own model, ") >= 2 * len(SERVICES), shown
    shop.train(args=["--keep-backup"], env={"BACKUP_DIR": str(shop.folder / "kept")})
    assert everything(copy) == before and len(list((shop.folder / "kept").iterdir())) == 2
    shop.train()
    assert len(list((shop.folder / "kept").iterdir())) == 2, "a copy that nobody asked for"


def a_backup_that_fails_ends_the_run_with_status_4(shop):
    before = everything(shop.models)
    (shop.folder / "kept").write_text("a file in the way")
    result = shop.train(expect=4, args=["--keep-backup", "--backup-dir", shop.folder / "kept"])
    says(result, "backup of the models of 2 services", str(shop.folder / "kept"))
    assert everything(shop.models) == before
    result = shop.train(expect=4, args=["--keep-backup", "--backup-dir", shop.models / "kept"])
    says(result, "lies in what is to be copied")
    assert everything(shop.models) == before


def a_dry_run_writes_nothing(shop):
    shop.yaga.run("yaga-train", "--now", START + 3 * 86400, "--dry-run", "--keep-backup", model__models_directory=shop.folder / "m",
                  model__staging_directory=shop.folder / "s", model__backup_directory=shop.folder / "b",
                  fingerprinting__db_path=shop.folder / "d.db")
    for name in "m", "s", "b", "d.db":
        assert not (shop.folder / name).exists(), name


CASES = (too_little_room_is_said_before_anything_is_trained, a_backup_is_a_models_folder_of_its_own,
         a_backup_that_fails_ends_the_run_with_status_4, a_dry_run_writes_nothing)


def main():
    failed = 0
    programs, reader = pathlib.Path(sys.argv[1]), sys.argv[2]
    for function in CASES:
        sentence = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
            try:
                function(Shop(programs, reader, pathlib.Path(tmp) / "shop"))
                print(f"ok  {sentence}", flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {sentence}: {type(e).__name__}: {e}", flush=True)
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

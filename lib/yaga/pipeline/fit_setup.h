/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings -> what models are fitted by. */
#ifndef YAGA_PIPELINE_FIT_SETUP_H
#define YAGA_PIPELINE_FIT_SETUP_H

#include "yaga/pipeline/fit.h"
#include "yaga/pipeline/setup.h"

void yaga_fit_setup(const struct yaga_setup *setup, struct yaga_fit_params *out);

#endif

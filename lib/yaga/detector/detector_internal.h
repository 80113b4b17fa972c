/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The detectors, a file each. */
#ifndef YAGA_DETECTOR_DETECTOR_INTERNAL_H
#define YAGA_DETECTOR_DETECTOR_INTERNAL_H

#include "yaga/detector/detector.h"

extern const struct yaga_detector_kind yaga_detector_adaptive;
extern const struct yaga_detector_kind yaga_detector_ensemble;
extern const struct yaga_detector_kind yaga_detector_iforest;
extern const struct yaga_detector_kind yaga_detector_pca;
extern const struct yaga_detector_kind yaga_detector_pca_spe;
extern const struct yaga_detector_kind yaga_detector_pca_t2;
extern const struct yaga_detector_kind yaga_detector_robust_zscore;
extern const struct yaga_detector_kind yaga_detector_spectral_residual;
extern const struct yaga_detector_kind yaga_detector_zscore;

#endif

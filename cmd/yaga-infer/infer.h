/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of yaga-infer. */
#ifndef YAGA_CMD_INFER_H
#define YAGA_CMD_INFER_H

#include "../common.h"

extern const char infer_help[];

/* "yaga-infer incidents ...": argv[0] is "incidents". Returns the exit status. */
int infer_incidents(struct program *program, int argc, char **argv);

/* "yaga-infer explain ...": argv[0] is "explain". Returns the exit status. */
int infer_explain(struct program *program, int argc, char **argv);

/* "yaga-infer replay-alert FILE": argv[0] is "replay-alert". Returns the exit status. */
int infer_replay_alert(struct program *program, int argc, char **argv);

#endif

/* SPDX-License-Identifier: Apache-2.0
 * The two example policies, the vectors of labels and clearances under them, and short ways to ask for things. */
#ifndef TRUNK_TEST_LABEL_FIXTURE_H
#define TRUNK_TEST_LABEL_FIXTURE_H

#include "label/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* 2026-06-01T00:00:00Z */
#define NOW_MS 1780272000000

enum { L1, L2, L3, L4, L5, L6, L7, L8, L9, L10, L11, L12, LABEL_COUNT };
enum { K1, K2, K3, K4, K5, K6, CLEARANCE_COUNT };

extern const char *const label_vectors[LABEL_COUNT];            /* ESS in base64 */
extern const char *const clearance_vectors[CLEARANCE_COUNT];

struct fixture {
	struct arena arena;             /* what a test makes */
	struct label_policies *policies;
	const struct label_policy *farm, *mill;
	struct label_options options;   /* strict, at NOW_MS */
	struct label_clearance *clearances[CLEARANCE_COUNT];
};

/* Group set-up and tear-down; each test gets the fixture as its state. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
int fixture_test_teardown(void **state);        /* ends what the test made */

#define TEST(f) cmocka_unit_test_teardown(f, fixture_test_teardown)

/* The bytes of a file in examples/, in the arena. */
struct str example(struct arena *arena, const char *name);

/* What a SPIF's problems say, one a line: "error FILE ELEMENT: TEXT". */
void problem_note(void *buf, const struct label_problem *problem);

/* Adds the policy, which must load without a warning. */
const struct label_policy *policy_add(struct label_policies *policies, const char *spif);

/* A label that must parse, from base64 or from words. */
struct label *label_of(struct fixture *f, const char *base64);
struct label *words_of(struct fixture *f, const char *words);
struct label *words_in(struct fixture *f, const struct label_options *options, const char *words);

/* In words; ends with the fixture's test. */
struct label_clearance *clearance_of(const struct label_policies *policies, const char *words);

/* "restrictive:Compartment" */
const char *reason(struct fixture *f, struct label_decision decision);

/* A tree that must parse, and its text. */
struct xml_node *tree(struct fixture *f, const char *xml);
const char *text(struct fixture *f, const struct xml_node *node);
const char *base64(struct fixture *f, const struct label *label);
const char *in_words(struct fixture *f, const struct label *label);

/* Hexadecimal digits, with blanks anywhere, as bytes. */
struct str hex(struct fixture *f, const char *digits);

#endif

/* SPDX-License-Identifier: Apache-2.0
 * The two example policies and what tests make of them. */
#include "fixture.h"

const char *const label_vectors[LABEL_COUNT] = {
	[L1] = "MQ8CAQEGCisGAQQBgf1ZTQE=",
	[L2] = "MTgCAQMGCisGAQQBgf1ZTQExJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAQIxBgIBAQIBAg==",
	[L3] = "MVgCAQQGCisGAQQBgf1ZTQExRzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/"
	       "VlNAQEDAgeAMCKACmCGSAFlAgEIAwGhFDASBgsrBgEEAYH9WU0BAjEDAgEB",
	[L4] = "MTQCAQMGCisGAQQBgf1ZTQExIzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/VlNAQEDAgbA",
	[L5] = "MTQCAQEGCisGAQQBgf1ZTQExIzAhgApghkgBZQIBCAMDoRMwEQYLKwYBBAGB/VlNAQMDAgeA",
	[L6] = "MQMCAQM=",
	[L7] = "MTIGCisGAQQBgf1ZTQExJDAigApghkgBZQIBCAMBoRQwEgYLKwYBBAGB/VlNAQIxAwIBAQ==",
	[L8] = "MQ8CAQkGCisGAQQBgf1ZTQE=",
	[L9] = "MTUCAQMGCisGAQQBgf1ZTQExJDAigApghkgBZQIBCAMBoRQwEgYLKwYBBAGB/VlNAQIxAwIBTQ==",
	[L10] = "MVwCAQMGCisGAQQBgf1ZTQExSzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/"
		"VlNAQEDAgeAMCaACmCGSAFlAgEIAwGhGDAWBgsrBgEEAYH9WU0BAjEHAgEB"
		"AgIBLA==",
	[L11] = "MRsCAQMGCisGAQQBgf1ZTQEMCkhhbmQgY2Fycnk=",
	[L12] = "MTYCAQMGCisGAQQBgf1ZTQExJTAjgApghkgBZQIBCAMBoRUwEwYLKwYBBAGB/VlNAQIxBAICASw=",
};

const char *const clearance_vectors[CLEARANCE_COUNT] = {
	[K1] = "MFkGCisGAQQBgf1ZTQEDAgNYMUcwIYAKYIZIAWUCAQgDAKETMBEGCysGAQQBgf1ZTQEBAwIHgDAigApghkgBZQIBCAMBoRQwEgYLKwYBBAGB/"
	       "VlNAQIxAwIB"
	       "AQ==",
	[K2] = "MDYGCisGAQQBgf1ZTQEDAgRQMSQwIoAKYIZIAWUCAQgDAaEUMBIGCysGAQQBgf1ZTQECMQMCAQI=",
	[K3] = "MBAGCisGAQQBgf1ZTQEDAgZA",
	[K4] = "MFwGCisGAQQBgf1ZTQEDAgMIMUowIYAKYIZIAWUCAQgDAKETMBEGCysGAQQBgf1ZTQEBAwIHgDAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/"
	       "VlNAQIxBgIB"
	       "AQIBAg==",
	[K5] = "MDYGCisGAQQBgf1ZTQIDAgJEMSQwIoAKYIZIAWUCAQgDAaEUMBIGCysGAQQBgf1ZTQICMQMCAQs=",
	[K6] = "MFkGCisGAQQBgf1ZTQIDAgJEMUcwIYAKYIZIAWUCAQgDAKETMBEGCysGAQQBgf1ZTQIBAwIDCDAigApghkgBZQIBCAMBoRQwEgYLKwYBBAGB/"
	       "VlNAgIxAwIB"
	       "Cw==",
};

enum { FILE_MAX = 64 << 10, LENT_MAX = 64 };

static struct label_clearance *lent[LENT_MAX];
static unsigned lent_count;

struct str example(struct arena *arena, const char *name)
{
	char path[512];
	char *at = arena_alloc(arena, FILE_MAX);
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", EXAMPLES_DIR, name);
	assert_non_null(at);
	assert_non_null(file = fopen(path, "r"));
	len = fread(at, 1, FILE_MAX, file);
	assert_true(len > 0 && len < FILE_MAX);
	fclose(file);
	return str_make(at, len);
}

void problem_note(void *buf, const struct label_problem *problem)
{
	assert_int_equal(buf_addf(buf, "%s %s %s: %s\n", problem->is_error ? "error" : "warning", problem->file,
				  problem->element, problem->text),
			 0);
}

const struct label_policy *policy_add(struct label_policies *policies, const char *spif)
{
	struct buf problems = {0};
	const int err = label_policies_add(policies, "test.xml", str_of(spif), problem_note, &problems);
	unsigned i = 0;

	if (err || buf_len(&problems))
		fail_msg("%.*s", STR_ARG(buf_str(&problems)));
	buf_fini(&problems);
	while (label_policies_at(policies, i + 1))
		i++;
	return label_policies_at(policies, i);
}

static void no_problem(void *ctx, const struct label_problem *problem)
{
	(void)ctx;
	fail_msg("%s: %s: %s", problem->file, problem->element, problem->text);
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_non_null(f->policies = label_policies_new());
	assert_int_equal(
		label_policies_add(f->policies, "farm.spif.xml", example(&f->arena, "farm.spif.xml"), no_problem, NULL), 0);
	assert_int_equal(
		label_policies_add(f->policies, "mill.spif.xml", example(&f->arena, "mill.spif.xml"), no_problem, NULL), 0);
	f->farm = label_policies_by_name(f->policies, STR("FARM"));
	f->mill = label_policies_by_name(f->policies, STR("MILL"));
	f->options = (struct label_options){.policies = f->policies, .has_clock = true, .wall_ms = NOW_MS};
	for (unsigned i = 0; i < CLEARANCE_COUNT; i++) {
		char word[512], why[LABEL_WHY_SIZE];

		snprintf(word, sizeof(word), "ess:%s", clearance_vectors[i]);
		if (label_clearance_parse(f->policies, str_of(word), &f->clearances[i], why) < 0)
			fail_msg("K%u: %s", i + 1, why);
	}
	arena_clear(&f->arena);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < CLEARANCE_COUNT; i++)
		label_clearance_free(&f->clearances[i]);
	label_policies_free(&f->policies);
	arena_fini(&f->arena);
	free(f);
	return 0;
}

int fixture_test_teardown(void **state)
{
	while (lent_count > 0)
		label_clearance_free(&lent[--lent_count]);
	arena_fini(&((struct fixture *)*state)->arena);
	return 0;
}

struct label *label_of(struct fixture *f, const char *text_of_label)
{
	struct label *label = arena_alloc(&f->arena, sizeof(*label));

	assert_int_equal(label_parse_base64(&f->arena, str_of(text_of_label), &f->options, label), 0);
	return label;
}

struct label *words_in(struct fixture *f, const struct label_options *options, const char *words)
{
	struct label *label = arena_alloc(&f->arena, sizeof(*label));
	char why[LABEL_WHY_SIZE] = "";

	if (label_parse_words(&f->arena, str_of(words), options, label, why) < 0)
		fail_msg("%s: %s", words, why);
	return label;
}

struct label *words_of(struct fixture *f, const char *words)
{
	return words_in(f, &f->options, words);
}

struct label_clearance *clearance_of(const struct label_policies *policies, const char *words)
{
	char why[LABEL_WHY_SIZE] = "";

	assert_true(lent_count < LENT_MAX);
	if (label_clearance_parse(policies, str_of(words), &lent[lent_count], why) < 0)
		fail_msg("%s: %s", words, why);
	return lent[lent_count++];
}

/* The buffer's text in the arena; ends the buffer. */
static const char *taken(struct fixture *f, struct buf *buf)
{
	const struct str copy = arena_str(&f->arena, buf_str(buf));

	assert_false(str_is_absent(copy));
	buf_fini(buf);
	return copy.at;
}

const char *reason(struct fixture *f, struct label_decision decision)
{
	struct buf out = {0};

	assert_int_equal(label_decision_write(&decision, &out), 0);
	return taken(f, &out);
}

struct xml_node *tree(struct fixture *f, const char *xml)
{
	const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 256, .attributes = 64};
	struct xml_node *node;

	if (xml_tree_parse(&f->arena, str_of(xml), NULL, &limits, &node) < 0)
		fail_msg("%s does not parse", xml);
	return node;
}

const char *text(struct fixture *f, const struct xml_node *node)
{
	struct buf out = {0};

	assert_non_null(node);
	assert_int_equal(xml_tree_write(node, NULL, &out), 0);
	return taken(f, &out);
}

const char *base64(struct fixture *f, const struct label *label)
{
	struct buf out = {0};

	assert_int_equal(label_write_base64(label, &out), 0);
	return taken(f, &out);
}

const char *in_words(struct fixture *f, const struct label *label)
{
	struct buf out = {0};

	assert_int_equal(label_write_words(label, &out), 0);
	return taken(f, &out);
}

struct str hex(struct fixture *f, const char *digits)
{
	char *at = arena_alloc(&f->arena, strlen(digits) / 2 + 1);
	size_t len = 0;

	for (; *digits; digits++) {
		unsigned byte;

		if (*digits == ' ')
			continue;
		assert_int_equal(sscanf(digits++, "%2x", &byte), 1);
		at[len++] = (char)byte;
	}
	return str_make(at, len);
}

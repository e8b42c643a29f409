/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a policy: what loads can be asked, and labels of any of its classes can be judged, marked and written. */
#include "label_fixture.h"

#include "label/label_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_problem(void *ctx, const struct label_problem *problem)
{
	need(problem->file && problem->element && problem->text[0]);
	*(unsigned *)ctx += problem->is_error;
}

/* A label with that class, and every `step`-th value. */
static void check_label(struct arena *arena, const struct label_policies *policies, const struct label_policy *policy,
			unsigned class, unsigned step)
{
	const struct label_options options = {.policies = policies, .has_clock = true, .wall_ms = 1780272000000};
	struct values values = {0};
	struct label label = {0}, back;
	struct buf out = {0};

	need(values_init(&values, arena, policy) == 0);
	for (unsigned i = 0; step && i < policy->value_count; i += step)
		bits_set(values.bits, i);
	label_set(&label, policy, &policy->classes[class], &values);
	label_validate(&label, &options);
	label_marking_write(&label, STR("fr-CA"), LABEL_PLACE_PAGE_BOTTOM, &out);
	buf_clear(&out);
	if (label_write_der(&label, &out) == 0 && label_parse_der(arena, buf_str(&out), &options, &back) == 0 &&
	    back.fault.why == LABEL_GRANTED)
		need(label_same(&label, &back));
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct label_policies *policies = label_policies_new();
	const struct label_policy *policy;
	struct arena arena = {0};
	unsigned errors = 0;
	int err;

	need(policies != NULL);
	err = label_policies_add(policies, "fuzz.xml", str_make((const char *)data, size), on_problem, &errors);
	policy = label_policies_at(policies, 0);
	need(errors == (err ? 1 : 0) && (policy != NULL) == (err == 0));
	for (unsigned class = 0; policy && class < policy->class_count && class < 4; class++)
		for (unsigned step = 0; step < 3; step++)
			check_label(&arena, policies, policy, class, step);
	arena_fini(&arena);
	label_policies_free(&policies);
	return 0;
}

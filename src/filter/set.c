/* SPDX-License-Identifier: Apache-2.0
 * One worker's filters: asked, counted, and named in the log where they fail. */
#include "filter/filters_internal.h"

#include <stdlib.h>

struct member {
	struct script script;           /* of a script */
	struct filter_counts counts;
	struct log_allowance fails;
};

struct filter_set {
	struct filters *filters;
	struct log *log;
	struct module_ask ask;
	struct member members[];
};

struct filter_set *filter_set_new_timed(struct filters *filters, struct log *log, int64_t (*cpu_ns)(void))
{
	struct filter_set *set = calloc(1, sizeof(*set) + filters->count * sizeof(set->members[0]));

	if (!set)
		return NULL;
	set->filters = filters_ref(filters);
	set->log = log;
	for (unsigned i = 0; i < filters->count; i++)
		script_begin(&set->members[i].script, &filters->sources[i], &filters->filters[i].text, log, cpu_ns);
	return set;
}

struct filter_set *filter_set_new(struct filters *filters, struct log *log)
{
	return filter_set_new_timed(filters, log, NULL);
}

void filter_set_free(struct filter_set **set)
{
	if (!*set)
		return;
	for (unsigned i = 0; i < (*set)->filters->count; i++)
		script_end(&(*set)->members[i].script);
	module_ask_fini(&(*set)->ask);
	filters_free(&(*set)->filters);
	free(*set);
	*set = NULL;
}

struct filters *filter_set_filters(const struct filter_set *set)
{
	return set->filters;
}

static void note_failure(struct filter_set *set, int index, const char *why)
{
	unsigned withheld;

	if (set->log && log_allowance_take(&set->members[index].fails, &withheld))
		LOG(set->log, LOG_WARNING, "filter-failed", KV_C("filter", filters_name(set->filters, index)), KV_C("reason", why),
		    KV_C("stanza", "refused"), KV_N("withheld", withheld));
}

static void count_answer(struct filter_counts *counts, enum filter_outcome outcome)
{
	switch (outcome) {
	case FILTER_PASS: counts->passed++; break;
	case FILTER_REJECT: counts->rejected++; break;
	case FILTER_DROP: counts->dropped++; break;
	case FILTER_CHANGE: counts->changed++; break;
	case FILTER_FAILED: counts->failed++; break;
	}
}

static void fail(struct filter_answer *answer, const char *why)
{
	*answer = (struct filter_answer){.outcome = FILTER_FAILED, .condition = COND_INTERNAL_SERVER_ERROR,
					 .text = STR("Not passed: a filter failed."), .why = why};
}

void filter_run(struct filter_set *set, int index, const struct filter_view *view, struct filter_answer *ret_answer)
{
	struct filter *filter;

	if (!set || index < 0 || (unsigned)index >= set->filters->count) {
		fail(ret_answer, "there is no such filter");
		return;
	}
	filter = &set->filters->filters[index];
	if (filter->module)
		module_run(filter->module, &set->ask, view, ret_answer);
	else if (filter->text.bytes.at)
		script_run(&set->members[index].script, view, ret_answer);
	else
		*ret_answer = (struct filter_answer){.outcome = FILTER_FAILED, .why = "the module is not loaded"};
	if (ret_answer->outcome == FILTER_FAILED) {
		fail(ret_answer, ret_answer->why);
		note_failure(set, index, ret_answer->why);
	}
	count_answer(&set->members[index].counts, ret_answer->outcome);
}

struct filter_counts filter_counts(const struct filter_set *set, int index)
{
	return index >= 0 && (unsigned)index < set->filters->count ? set->members[index].counts : (struct filter_counts){0};
}

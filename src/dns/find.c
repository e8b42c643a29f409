/* SPDX-License-Identifier: Apache-2.0
 * The stages of a find: questions out, answers in, time up. */
#include "dns/find.h"

#include <stdio.h>

void find_failed(struct dns_find *find, const struct question *question, const char *reason)
{
	if (find->has_failed)
		return;
	find->has_failed = true;
	snprintf(find->why_failed, sizeof(find->why_failed), "%.*s: %s", FIND_NAME_SHOWN, question->name, reason);
}

static void find_answer(struct question *question, const struct dns_answer *answer)
{
	struct dns_find *find = question->find;

	question->ask = NULL;
	question->is_waiting = false;
	question->outcome = answer->outcome;
	question->is_secure = answer->is_secure && answer->outcome != DNS_FAIL;
	find->waiting--;
	if (answer->outcome == DNS_FAIL && find->stage != FIND_TLSA)
		find_failed(find, question,
			    answer->reason     ? answer->reason
			    : answer->is_bogus ? "DNSSEC says it is forged"
					       : "failed");
	if (find->stage == FIND_SRV)
		find_srv_answer(find, question, answer);
	else if (find->stage == FIND_ADDRESS)
		find_address_answer(find, question, answer);
	else if (find->stage == FIND_TLSA)
		find_tlsa_answer(find, question, answer);
}

static void on_answer(void *ctx, const struct dns_answer *answer)
{
	struct question *question = ctx;
	struct dns_find *find = question->find;

	find_answer(question, answer);
	find_step(find);
}

void find_question(struct dns_find *find, struct question *question, enum dns_type type, unsigned index, const char *name)
{
	struct dns_ask *ask;

	question->find = find;
	question->type = type;
	question->index = index;
	question->is_waiting = true;
	snprintf(question->name, sizeof(question->name), "%s", name);
	find->waiting++;
	if (!dns_name_is_fit(str_of(question->name))) {
		find_answer(question, &(struct dns_answer){.outcome = DNS_NONE});
		return;
	}
	ask = find->dns->ops->ask(find->dns->resolver, question->name, type, on_answer, question);
	if (!question->is_waiting)
		return;         /* answered from within: what `ask` returned is nothing any more */
	question->ask = ask;
	if (!ask)
		find_answer(question, &(struct dns_answer){.outcome = DNS_FAIL, .reason = "no memory"});
}

static void question_give_up(struct question *question, const char *reason)
{
	struct dns *dns = question->find ? question->find->dns : NULL;

	if (!question->is_waiting)
		return;
	dns->ops->cancel(dns->resolver, question->ask);
	find_answer(question, &(struct dns_answer){.outcome = DNS_FAIL, .reason = reason});
}

static void find_give_up(struct dns_find *find, const char *reason)
{
	find->is_busy = true;
	for (unsigned i = 0; i < 2; i++)
		question_give_up(&find->ask_srv[i], reason);
	for (unsigned i = 0; i < find->host_count; i++) {
		question_give_up(&find->hosts[i].ask4, reason);
		question_give_up(&find->hosts[i].ask6, reason);
	}
	for (unsigned i = 0; find->ask_tlsa && i < find->found.count; i++)
		question_give_up(&find->ask_tlsa[i], reason);
	find->is_busy = false;
	find_step(find);
}

static void on_time_up(void *ctx)
{
	struct dns_find *find = ctx;
	const int64_t timeout_ms = find->dns->timeout_ms;
	char reason[64];

	if (timeout_ms % 1000 == 0)
		snprintf(reason, sizeof(reason), "no answer within %lld s", (long long)timeout_ms / 1000);
	else
		snprintf(reason, sizeof(reason), "no answer within %lld ms", (long long)timeout_ms);
	find_give_up(find, reason);
}

void find_begin(struct dns_find *find, enum find_stage stage)
{
	find->stage = stage;
	find->is_busy = true;
}

static void find_stage_end(struct dns_find *find)
{
	timer_stop(&find->timer);
	if (find->stage == FIND_SRV)
		find_srv_end(find);
	else if (find->stage == FIND_ADDRESS)
		find_address_end(find);
	else if (find->stage == FIND_TLSA)
		find_tlsa_end(find);
}

/* Whether each host has an address, or will never have one: then the other family is only waited for a moment. */
static bool hosts_are_served(const struct dns_find *find)
{
	for (unsigned i = 0; i < find->host_count; i++) {
		const struct host *host = &find->hosts[i];

		if (host->count4 + host->count6 == 0 && (host->ask4.is_waiting || host->ask6.is_waiting))
			return false;
	}
	return true;
}

/* Goes on where the stage has all its answers. Its end may end the find and free it. */
void find_step(struct dns_find *find)
{
	int64_t wait_ms = find->dns->timeout_ms;

	if (find->is_busy)
		return;
	if (find->waiting == 0) {
		find_stage_end(find);
		return;
	}
	if (find->timer.loop && find->stage != FIND_ADDRESS)
		return;
	if (find->timer.loop)
		wait_ms = find->timer.due_ms - loop_now_ms(find->dns->loop);
	if (find->stage == FIND_ADDRESS && hosts_are_served(find) && wait_ms > DNS_REST_MS)
		wait_ms = DNS_REST_MS;
	timer_start(find->dns->loop, &find->timer, wait_ms, on_time_up, find);
}

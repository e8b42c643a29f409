/* SPDX-License-Identifier: Apache-2.0
 * Sends stanzas: as many as a window lets, or at a rate. */
#include "load.h"

#include "die.h"

enum { RECORD_SIZE = 16 * 1024, OUT_MAX = 256 * 1024, RATE_BATCH_MAX = 4096, PUSH_WAIT_NS = 1000 * 1000 };

static void flow_make(struct flow *flow)
{
	struct template *const template = &flow->mix->templates[flow->next_template];
	const size_t at = buf_len(&flow->plain);

	must(buf_add(&flow->plain, template->bytes));
	stamp_write(flow->plain.at + flow->plain.start + at + template->id_at, flow->lanes[template->lane].sent++,
		    flow->load->is_timing ? (uint64_t)clock_ns() : 0);
	flow->sent++;
	if (++flow->next_template == flow->mix->count)
		flow->next_template = 0;
}

static void flow_write(struct flow *flow, size_t len)
{
	wire_send(flow->session->wire, str_until(buf_str(&flow->plain), len));
	buf_drop(&flow->plain, len);
}

void flow_send_one(struct flow *flow)
{
	flow_make(flow);
	flow_write(flow, SIZE_MAX);
	wire_flush(flow->session->wire);
}

static bool may_make(const struct flow *flow, uint64_t window)
{
	return !flow->load->is_stopping && flow->sent < flow->limit && flow_outstanding(flow) < window;
}

/* Would stanzas that wait for a full record ever be all that the window holds? Then they go at once. */
static bool is_eager(const struct flow *flow)
{
	return flow->load->options.window * (flow->mix->bytes_total / flow->mix->count) < 4 * RECORD_SIZE;
}

static void pump_window(struct flow *flow, uint64_t window)
{
	const bool is_one_record = flow->load->options.is_one_record;

	while (wire_out_len(flow->session->wire) < OUT_MAX) {
		while (buf_len(&flow->plain) < (is_one_record ? 1 : RECORD_SIZE) && may_make(flow, window))
			flow_make(flow);
		if (is_one_record && buf_len(&flow->plain))
			flow_write(flow, SIZE_MAX);
		else if (buf_len(&flow->plain) >= RECORD_SIZE)
			flow_write(flow, RECORD_SIZE);
		else
			break;
	}
	if (buf_len(&flow->plain) && (flow->load->is_stopping || flow->sent >= flow->limit || is_eager(flow)))
		flow_write(flow, SIZE_MAX);
}

static void pump_rate(struct flow *flow, int64_t now_ns, int64_t interval_ns)
{
	for (int i = 0; i < RATE_BATCH_MAX && flow->next_ns <= now_ns && may_make(flow, UINT64_MAX); i++) {
		flow->next_ns += interval_ns;
		flow_make(flow);
		if (flow->load->options.is_one_record)
			flow_write(flow, SIZE_MAX);
	}
	if (buf_len(&flow->plain))
		flow_write(flow, SIZE_MAX);
}

static int64_t pump_interval_ns(const struct load *load)
{
	return (int64_t)(1e9 * (double)(load->flow_count - load->options.stalled) / load->options.rate);
}

/* One record for a target that reads nothing; returns its bytes. */
static size_t push_one(struct flow *flow)
{
	if (!flow->session || wire_out_len(flow->session->wire) > 0)
		return 0;
	while (buf_len(&flow->plain) < RECORD_SIZE && may_make(flow, UINT64_MAX))
		flow_make(flow);
	flow_write(flow, RECORD_SIZE);
	wire_flush(flow->session->wire);
	return RECORD_SIZE;
}

/* Gives stalled targets, in turn, as much as --push lets: their streams fill up, and the others still get a processor. */
static void push(struct load *load)
{
	const double bytes_per_ns = load->options.push_mb * 1e6 / 1e9;
	const int64_t now_ns = clock_ns();
	int64_t budget;

	if (load->pushed_ns == 0 || now_ns - load->pushed_ns > 10 * PUSH_WAIT_NS)
		load->pushed_ns = now_ns - PUSH_WAIT_NS;
	budget = (int64_t)((double)(now_ns - load->pushed_ns) * bytes_per_ns);
	if (budget < RECORD_SIZE || load->is_stopping)
		return;
	load->pushed_ns = now_ns;
	for (size_t i = 0; i < load->options.stalled && budget > 0; i++) {
		load->pushed_flow = (load->pushed_flow + 1) % load->options.stalled;
		budget -= (int64_t)push_one(&load->flows[load->pushed_flow]);
	}
}

static struct flow *flow_next(struct load *load)
{
	load->turn = (load->turn + 1) % load->flow_count;
	return &load->flows[load->turn];
}

static bool is_sending(const struct flow *flow)
{
	return flow->session && !flow->is_stalled;
}

/* All flows have the same interval and stand one behind the other in it: they are due in turn, and only the next has to be asked. */
static void pump_rates(struct load *load)
{
	const int64_t now_ns = clock_ns(), interval_ns = pump_interval_ns(load);
	struct flow *flow = &load->flows[load->turn];

	for (size_t i = 0; !load->is_paced && i < load->flow_count; i++)
		load->flows[i].next_ns = now_ns + interval_ns * (int64_t)i / (int64_t)load->flow_count;
	load->is_paced = true;
	for (size_t i = 0; i < load->flow_count && (!is_sending(flow) || flow->next_ns <= now_ns); i++) {
		if (is_sending(flow)) {
			pump_rate(flow, now_ns, interval_ns);
			wire_flush(flow->session->wire);
		}
		flow = flow_next(load);
	}
}

void pump(struct load *load)
{
	if (load->options.rate > 0)
		pump_rates(load);
	for (size_t i = 0; load->options.rate <= 0 && i < load->flow_count; i++) {
		if (!is_sending(&load->flows[i]))
			continue;
		pump_window(&load->flows[i], load->options.window);
		wire_flush(load->flows[i].session->wire);
	}
	if (load->options.stalled)
		push(load);
}

int64_t pump_wait_ns(const struct load *load)
{
	int64_t next_ns = INT64_MAX;

	if (load->options.rate > 0 && !load->is_stopping && is_sending(&load->flows[load->turn]))
		next_ns = load->flows[load->turn].next_ns;
	if (next_ns != INT64_MAX)
		next_ns -= clock_ns();
	if (load->options.stalled && next_ns > PUSH_WAIT_NS)
		next_ns = PUSH_WAIT_NS;
	return next_ns == INT64_MAX ? -1 : next_ns > 0 ? next_ns : 0;
}

/* SPDX-License-Identifier: Apache-2.0
 * Counts what arrives and compares it with what was sent: byte for byte first, by meaning where that differs. */
#include "load.h"

#include "die.h"
#include "sniff.h"

enum { ID_SEARCH = 600 };

uint64_t flow_outstanding(const struct flow *flow)
{
	const uint64_t done = flow->received + flow->bounced;

	return flow->sent > done ? flow->sent - done : 0;
}

static bool seen_set(struct lane *lane, uint32_t seq)
{
	uint64_t *const word = &lane->seen[seq % SEEN_BITS / 64], bit = UINT64_C(1) << seq % 64;
	const bool was_set = *word & bit;

	*word |= bit;
	return was_set;
}

/* Forgets the numbers from `top` up to and without `until`, whose bits are those of older ones. */
static void seen_skip(struct lane *lane, uint32_t until)
{
	uint32_t from = lane->top;

	if (until - from > SEEN_BITS)
		from = until - SEEN_BITS;
	for (uint32_t seq = from; seq != until; seq++)
		lane->seen[seq % SEEN_BITS / 64] &= ~(UINT64_C(1) << seq % 64);
}

/* Of a run before this one, whose spokes went before they had acknowledged it. */
static bool is_older(const struct load *load, const struct stamp *stamp)
{
	return stamp->time_ns && (int64_t)stamp->time_ns < load->begun_ns;
}

/* Counts one number of an address pair. */
static void tally_note(struct load *load, struct flow *flow, const struct template *template, const struct stamp *stamp)
{
	struct lane *const lane = &flow->lanes[template->lane];

	if (stamp->seq >= lane->sent || is_older(load, stamp)) {
		load->faults.foreign++;
		return;
	}
	if (stamp->seq >= lane->top) {
		seen_skip(lane, stamp->seq + 1);
		seen_set(lane, stamp->seq);
		lane->top = stamp->seq + 1;
	} else if (lane->top - stamp->seq <= SEEN_BITS && seen_set(lane, stamp->seq)) {
		load->faults.duplicated++;
		return;
	} else {
		load->faults.reordered++;
	}
	flow->received++;
	load->received++;
	load->received_bytes += template->bytes.len;
	if (stamp->time_ns && load->is_timing)
		histogram_add(&load->latency, (uint64_t)clock_ns() - stamp->time_ns);
}

/* The flow and template that a stamp speaks of; false where it speaks of none. */
static bool tally_find(struct load *load, const struct stamp *stamp, struct flow **ret_flow, struct template **ret_template)
{
	if (stamp->flow >= load->flow_count || stamp->template_index >= load->flows[stamp->flow].mix->count)
		return false;
	*ret_flow = &load->flows[stamp->flow];
	*ret_template = &(*ret_flow)->mix->templates[stamp->template_index];
	return true;
}

/* Where a stamp stands near the front: at the expected place, or wherever. */
static const char *stamp_find(const struct session *session, struct str bytes)
{
	const struct template *const guess = session->guess;

	if (guess && bytes.len >= guess->id_at + STAMP_LEN && memcmp(bytes.at + guess->id_at, "tb-", 3) == 0)
		return bytes.at + guess->id_at;
	return memmem(bytes.at, bytes.len < ID_SEARCH ? bytes.len : ID_SEARCH, "tb-", 3);
}

size_t tally_take_exact(struct session *session, struct str bytes)
{
	const char *const id = stamp_find(session, bytes);
	struct template *template;
	struct flow *flow;
	struct stamp stamp;
	size_t id_at, end;

	if (!id || !stamp_read(str_from(bytes, (size_t)(id - bytes.at)), &stamp) ||
	    !tally_find(session->load, &stamp, &flow, &template))
		return 0;
	id_at = (size_t)(id - bytes.at);
	end = id_at + STAMP_LEN;
	if (id_at != template->id_at || bytes.len < template->bytes.len || memcmp(bytes.at, template->bytes.at, id_at) != 0 ||
	    memcmp(bytes.at + end, template->bytes.at + end, template->bytes.len - end) != 0)
		return 0;
	session->guess = &flow->mix->templates[(stamp.template_index + 1) % flow->mix->count];
	tally_note(session->load, flow, template, &stamp);
	return template->bytes.len;
}

static bool means_the_same(struct template *template, struct str element)
{
	struct buf canon = {0};
	bool is_same;

	if (buf_len(&template->canon) == 0)
		must(sniff_canon(template->bytes, !template->has_lang, &template->canon));
	is_same = sniff_canon(element, !template->has_lang, &canon) == 0 && str_eq(buf_str(&canon), buf_str(&template->canon));
	buf_fini(&canon);
	return is_same;
}

void tally_take_other(struct session *session, struct str element)
{
	struct load *const load = session->load;
	const struct str id = sniff_attr(element, "id");
	struct template *template;
	struct flow *flow;
	struct stamp stamp;

	if (id.len != STAMP_LEN || !stamp_read(id, &stamp) || !tally_find(load, &stamp, &flow, &template)) {
		/* The trunk may ask whether we live (XEP-0199); an old server would not answer either. */
		load->faults.foreign += !sniff_has(element, "urn:xmpp:ping");
	} else if (stamp.seq >= flow->lanes[template->lane].sent || is_older(load, &stamp)) {
		load->faults.foreign++;         /* there is nothing to compare it with */
	} else if (str_is(sniff_attr(element, "type"), "error")) {
		flow->bounced++;
		if (load->options.is_answered) {
			load->received++;
			load->received_bytes += element.len;
		}
	} else if (!session->is_proved) {
		load->faults.unproved++;
	} else {
		load->rewritten++;
		if (!means_the_same(template, element))
			load->faults.changed++;
		tally_note(load, flow, template, &stamp);
	}
}

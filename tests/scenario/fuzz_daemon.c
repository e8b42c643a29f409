/* SPDX-License-Identifier: Apache-2.0
 * The daemon between three servers that do what random bytes say, in the language of the scenarios: streams that are proved, or not,
 * stanzas that are theirs, or not, broken XML, acknowledgements of all kinds, cables that are cut, reloads. Whatever they do:
 *   - no peer has a complaint: the trunk uses no pair that was not proved, asks no one out of turn (peer.h);
 *   - nothing arrives for a pair that was never proved, nor in the name of a domain that its stream did not prove;
 *   - what was delivered is not bounced as well, and nothing comes twice, as long as no target was disturbed;
 *   - what was acknowledged to its sender's server (XEP-0198) was delivered or answered, as long as no target was disturbed;
 *   - it ends: all memory is given back (the sanitizer looks), within the time of the drain. */
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEERS = 3, STEPS_MAX = 60, MESSAGES_MAX = 256, STATEMENT_BYTES_MAX = 1024 };

static const struct {
	const char *name, *domain;
} servers[PEERS] = {{"saturn", "saturn.example.org"}, {"mercury", "mercury.example.net"}, {"venus", "venus.example.com"}};

/* What stands in the block of the trunk, and of its reload. */
static const char *const trunks[] = {
	"  tls: {policy: disabled}\n  spoke saturn domain saturn.example.org\n  spoke mercury domain mercury.example.net\n"
	"  spoke venus domain venus.example.com\n",
	"  tls: {policy: disabled}\n  limits: {queue-size: 64KiB, stanza-size: 16KiB}\n  spoke saturn domain saturn.example.org\n"
	"  spoke mercury domain mercury.example.net\n  spoke venus domain venus.example.com with custody: none\n"
	"  rules: [{name: no, from: venus.example.com, to: mercury.example.net, action: reject}]\n",
};

static const char *const broken[] = {
	"<message><body", "<!-- x -->", "<?pi?>", "<message xmlns=''/>", "</message>", "<message a='1' a='2'/>", "\\xff", "<x:y/>", "<iq/>",
	"<message to='a@b' from='c@d'/>", "</stream:stream>", "<stream:error/>", "<db:result/>", "<db:verify id='1' type='valid'/>", "&amp;x",
	"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>",
	"<bidi xmlns='urn:xmpp:bidi'/>", "<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>", "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='x'/>",
	"<failed xmlns='urn:xmpp:sm:3'/>", "<enabled xmlns='urn:xmpp:sm:3'/>",
};

static const char *const acts[] = {
	"resets its stream", "closes its stream", "hangs up", "resets its link", "closes its link", "goes away", "comes back", "stalls", "resumes",
	"vanishes",
};
enum { ACTS_ON_TARGETS = 3 };           /* from here on what is done disturbs a target */

static const char *const habits[] = {
	"answers-verify invalid", "answers-verify truthfully", "answers-verify nothing", "answers-result invalid", "answers-result truthfully",
	"bidi yes", "bidi no", "sm yes", "sm no", "mute yes", "mute no",
};
enum { HABITS_HARMLESS = 2 };

struct message {
	unsigned char from, to;         /* servers */
	bool is_forged;                 /* in the name of another server's domain */
};

struct run {
	const uint8_t *data;
	size_t size;
	struct world *world;
	struct message messages[MESSAGES_MAX];
	unsigned message_count;
	bool was_proved[PEERS][PEERS];
	bool is_disturbed;              /* some target was: then what was handed over may be told of as failed, or be sent again */
};

static unsigned take(struct run *run, unsigned below)
{
	unsigned value;

	if (run->size == 0)
		return 0;
	value = run->data[0];
	run->data++;
	run->size--;
	return value % below;
}

static void broken_promise(struct run *run, const char *what, const char *more, unsigned message)
{
	fprintf(stderr, "%.*s\n%s: %s (message n%u)\n", STR_ARG(buf_str(&run->world->trace)), what, more, message);
	abort();
}

/* Returns whether the statement did what it says. What a stream in the wrong state cannot do is no failure of the trunk. */
static bool say(struct run *run, const char *text)
{
	struct script script;
	bool is_done;

	if (script_parse(str_of(text), "fuzz", &script) < 0)
		abort();
	buf_addf(&run->world->trace, "> %s\n", text);
	is_done = step_run(run->world, &script.statements[0]) == 0;
	run->world->failure[0] = '\0';
	script_fini(&script);
	buf_addf(&run->world->trace, "%.*s\n", STR_ARG(buf_str(&run->world->complaints)));
	if (buf_len(&run->world->complaints) > 0)
		broken_promise(run, "a peer complains", "see the last line above", 0);
	return is_done;
}

static void open_stream(struct run *run, bool is_proved)
{
	const unsigned from = take(run, PEERS), to = take(run, PEERS);
	char text[STATEMENT_BYTES_MAX];

	snprintf(text, sizeof(text), is_proved ? "%s opens a stream to %s and proves %s by dialback" : "%s tries a stream to %s", servers[from].name,
		 servers[to].domain, servers[from].domain);
	/* a proof may succeed a little later than the statement looks, or a key may be vouched for by a liar: tried counts as proved */
	say(run, text);
	run->was_proved[from][to] |= is_proved;
}

static void prove_more(struct run *run)
{
	const unsigned from = take(run, PEERS), to = take(run, PEERS);
	char text[STATEMENT_BYTES_MAX];

	snprintf(text, sizeof(text), "%s proves %s to %s by dialback", servers[from].name, servers[from].domain, servers[to].domain);
	say(run, text);
	run->was_proved[from][to] = true;
}

static void send_message(struct run *run, bool is_forged)
{
	static const char *const kinds[] = {"message", "iq type='get'", "presence", "iq type='result'", "message type='error'"};
	const unsigned by = take(run, PEERS), to = take(run, PEERS), kind = take(run, 16);
	const unsigned from = is_forged ? (by + 1 + take(run, PEERS - 1)) % PEERS : by;
	char text[STATEMENT_BYTES_MAX];

	if (run->message_count == MESSAGES_MAX)
		return;
	run->messages[run->message_count] = (struct message){.from = (unsigned char)by, .to = (unsigned char)to, .is_forged = is_forged};
	snprintf(text, sizeof(text), "%s sends <%s id='n%u' from='a@%s' to='b@%s'><body xmlns='jabber:server'>%s</body></%.*s>", servers[by].name,
		 kinds[kind < 5 ? kind : 0], run->message_count, servers[from].domain, servers[to].domain, take(run, 8) ? "x" : "{pad:20KiB}",
		 (int)strcspn(kinds[kind < 5 ? kind : 0], " "), kinds[kind < 5 ? kind : 0]);
	if (say(run, text))
		run->message_count++;
}

static void acknowledge(struct run *run)
{
	const unsigned by = take(run, PEERS), what = take(run, 4), h = take(run, 8);
	char text[STATEMENT_BYTES_MAX];

	if (what == 0)
		snprintf(text, sizeof(text), "%s sends <enable xmlns='urn:xmpp:sm:3'%s/>", servers[by].name, h & 1 ? " resume='true'" : "");
	else if (what == 1)
		snprintf(text, sizeof(text), "%s sends <r xmlns='urn:xmpp:sm:3'/>", servers[by].name);
	else
		snprintf(text, sizeof(text), "%s sends %s<a xmlns='urn:xmpp:sm:3' h='%s%u'/>", servers[by].name, what == 2 ? "on its link " : "",
			 h == 7 ? "429496729" : "", h);
	run->is_disturbed |= what == 2;         /* it says that it has what it may not have */
	say(run, text);
}

static void act(struct run *run)
{
	const unsigned by = take(run, PEERS), what = take(run, sizeof(acts) / sizeof(acts[0]));
	char text[STATEMENT_BYTES_MAX];

	snprintf(text, sizeof(text), "%s %s", servers[by].name, acts[what]);
	run->is_disturbed |= what >= ACTS_ON_TARGETS;
	say(run, text);
}

static void change(struct run *run)
{
	const unsigned by = take(run, PEERS), what = take(run, sizeof(habits) / sizeof(habits[0]));
	char text[STATEMENT_BYTES_MAX];

	snprintf(text, sizeof(text), "%s has %s", servers[by].name, habits[what]);
	run->is_disturbed |= what >= HABITS_HARMLESS;
	say(run, text);
}

static void send_broken(struct run *run)
{
	const unsigned by = take(run, PEERS), what = take(run, sizeof(broken) / sizeof(broken[0]));
	const bool is_on_link = take(run, 4) == 0;
	char text[STATEMENT_BYTES_MAX];

	snprintf(text, sizeof(text), "%s sends %sraw \"%s\"", servers[by].name, is_on_link ? "on its link " : "", broken[what]);
	run->is_disturbed |= is_on_link;
	say(run, text);
}

static void pass_time(struct run *run)
{
	static const char *const times[] = {"after 1ms", "after 50ms", "after 300ms", "after 2s", "after 11s", "after 31s"};

	say(run, times[take(run, sizeof(times) / sizeof(times[0]))]);
}

static void operate(struct run *run)
{
	const unsigned what = take(run, 5), who = take(run, PEERS);
	char text[STATEMENT_BYTES_MAX];

	if (what < 2)
		snprintf(text, sizeof(text), "trunk reloads\n%s", trunks[what]);
	else
		snprintf(text, sizeof(text), what == 2 ? "trunk blocks %s for 5s" : what == 3 ? "trunk unblocks %s" : "trunk closes %s", servers[who].domain);
	run->is_disturbed = true;
	say(run, text);
}

static void cut_bytes(struct run *run)
{
	static const char *const pieces[] = {"network pieces 1", "network pieces 7", "network pieces 1KiB", "network latency 40ms", "network latency 0ms"};

	say(run, pieces[take(run, sizeof(pieces) / sizeof(pieces[0]))]);
}

static void step(struct run *run)
{
	switch (take(run, 24)) {
	case 0: case 1: case 2: open_stream(run, true); break;
	case 3: open_stream(run, false); break;
	case 4: prove_more(run); break;
	case 5: send_message(run, true); break;
	case 6: case 7: acknowledge(run); break;
	case 8: act(run); break;
	case 9: change(run); break;
	case 10: send_broken(run); break;
	case 11: case 12: pass_time(run); break;
	case 13: operate(run); break;
	case 14: cut_bytes(run); break;
	default: send_message(run, false); break;
	}
}

/* ---- what came of it ---- */

/* Times that a stanza with that id, as an error or not, lies in a peer's inbox. */
static unsigned count_at(const struct run *run, unsigned at, unsigned number, bool is_error)
{
	const struct peer *peer = world_peer(run->world, str_of(servers[at].name));
	unsigned count = 0;
	char id[16];

	snprintf(id, sizeof(id), "n%u", number);
	LIST_EACH (pos, (struct list *)(uintptr_t)&peer->inbox) {
		const struct item *item = LIST_OF(pos, struct item, link);

		if (item->node && str_is(xml_node_attr(item->node, "id"), id))
			count += str_is(xml_node_attr(item->node, "type"), "error") == is_error;
	}
	return count;
}

static void check(struct run *run, unsigned number)
{
	const struct message *message = &run->messages[number];
	const unsigned arrived = count_at(run, message->to, number, false);
	const unsigned bounced = count_at(run, message->from, number, true);

	if (arrived > 0 && message->is_forged)
		broken_promise(run, "in the name of another, yet it arrived at", servers[message->to].name, number);
	if (arrived > 0 && !run->was_proved[message->from][message->to])
		broken_promise(run, "of a pair that was never proved, yet it arrived at", servers[message->to].name, number);
	if (run->is_disturbed || message->to == message->from)
		return;
	if (arrived > 1)
		broken_promise(run, "it came twice to", servers[message->to].name, number);
	if (arrived > 0 && bounced > 0)
		broken_promise(run, "delivered and bounced, to", servers[message->to].name, number);
}

static void end(struct run *run)
{
	char text[STATEMENT_BYTES_MAX];

	for (unsigned i = 0; i < PEERS; i++) {
		snprintf(text, sizeof(text), "%s resumes", servers[i].name);
		say(run, text);
	}
	say(run, "after 60s");
	for (unsigned i = 0; i < run->message_count; i++)
		check(run, i);
	say(run, "trunk drains");
	say(run, "after 60s");
	if (!say(run, "trunk is drained"))
		broken_promise(run, "the drain does not end", "60 s", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct certificates *certificates;
	struct run *run = calloc(1, sizeof(*run));
	char text[STATEMENT_BYTES_MAX];

	if (!run || (!certificates && !(certificates = certificates_new(WORLD_WALL_MS))))
		abort();
	*run = (struct run){.data = data, .size = size};
	if (!(run->world = world_new(certificates)))
		abort();
	snprintf(text, sizeof(text), "trunk\n%s", trunks[take(run, 2)]);
	if (!say(run, text))
		broken_promise(run, "the trunk does not start", "see above", 0);
	for (unsigned i = 0; i < STEPS_MAX && run->size > 0; i++)
		step(run);
	end(run);
	world_free(&run->world);
	free(run);
	return 0;
}

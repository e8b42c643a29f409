/* SPDX-License-Identifier: Apache-2.0
 * A stream's life: connected, secured, its elements handed to the role that it has, ended. */
#include "load.h"

#include "die.h"
#include "sniff.h"
#include "wire_tls.h"

#include <openssl/sha.h>
#include <stdarg.h>

enum { FAILURES_SHOWN = 5, ELEMENT_MAX = 1 << 22, SAY_MAX = 2048 };

void session_key(char ret_key[static 65], const char *receiving, const char *originating, const char *id)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char text[3 * DOMAIN_SIZE];
	const int len = snprintf(text, sizeof(text), "load %s %s %s", receiving, originating, id);

	SHA256((const unsigned char *)text, (size_t)len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_key + 2 * i, 3, "%02x", digest[i]);
}

void session_say(struct session *session, const char *format, ...)
{
	char text[SAY_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		die("an element is too long");
	wire_send(session->wire, str_make(text, (size_t)len));
	wire_flush(session->wire);
}

void session_header(struct session *session, const char *to, const char *from, bool is_answer)
{
	char id[STREAM_ID_SIZE + 8] = "";

	if (is_answer)
		snprintf(id, sizeof(id), " id='%s'", session->id);
	session->is_features_seen = false;
	session_say(session, "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
		    "xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' "
		    "to='%s' from='%s' version='1.0'%s>", to, from, id);
}

static void session_element(struct session *session, struct str element)
{
	if (session->role == ROLE_SERVER)
		session_server_element(session, element);
	else
		session_client_element(session, element);
}

static void session_header_seen(struct session *session, struct str header)
{
	const struct str id = sniff_attr(header, "id"), to = sniff_attr(header, "to"), from = sniff_attr(header, "from");

	if (session->role != ROLE_SERVER) {
		snprintf(session->id, sizeof(session->id), "%.*s", STR_ARG(id));
		return;
	}
	snprintf(session->from, sizeof(session->from), "%.*s", STR_ARG(from));
	snprintf(session->to, sizeof(session->to), "%.*s", STR_ARG(to));
	snprintf(session->id, sizeof(session->id), "load-%08x", ++session->load->next_id);
	session_server_element(session, header);
}

/* Handles what stands at the front of `in`; false where nothing whole does, or the session ended. */
static bool session_step(struct wire *wire, struct session *session)
{
	struct str bytes = buf_str(&wire->in), element = STR_NONE;
	size_t len = session->is_proved && session->role == ROLE_SERVER ? tally_take_exact(session, bytes) : 0;
	enum sniff_kind kind;

	if (len) {
		session->handled++;
		buf_drop(&wire->in, len);
		return true;
	}
	kind = sniff_next(bytes, &element, &len);
	buf_drop(&wire->in, len);       /* `element` stays readable: nothing is read into the buffer before we return */
	if (kind == SNIFF_HEADER)
		session_header_seen(session, element);
	else if (kind == SNIFF_ELEMENT)
		session_element(session, element);
	else if (kind == SNIFF_BAD || (kind == SNIFF_MORE && bytes.len > ELEMENT_MAX))
		session_fail(session, "no XML came", str_until(bytes, 60));
	else if (kind == SNIFF_END)
		session_end(&session);
	return kind != SNIFF_MORE && kind != SNIFF_END && wire->fd >= 0;
}

static void session_data(struct wire *wire, struct session *session)
{
	while (wire->fd >= 0 && buf_len(&wire->in) && !wire->is_paused)
		if (!session_step(wire, session))
			return;
}

static void session_up(struct session *session)
{
	const struct load *const load = session->load;

	if (load->options.is_raw && !load->options.is_plain)
		wire_secure(session->wire, session->role == ROLE_SERVER ? load->server_tls : load->client_tls, NULL);
	else if (load->options.is_raw)
		session_proved(session);
	else if (session->role != ROLE_SERVER)
		session_header(session, session->to, session->from, false);
}

static void session_secured(struct session *session)
{
	snprintf(session->load->cipher, sizeof(session->load->cipher), "%s %s", SSL_get_version(session->wire->ssl),
		 SSL_get_cipher_name(session->wire->ssl));
	if (session->load->options.is_raw)
		session_proved(session);
	else if (session->role != ROLE_SERVER)
		session_header(session, session->to, session->from, false);
}

static void session_event(struct wire *wire, enum wire_event event, void *ctx)
{
	struct session *session = ctx;

	switch (event) {
	case WIRE_UP:
		session_up(session);
		break;
	case WIRE_SECURED:
		session_secured(session);
		break;
	case WIRE_DATA:
		session_data(wire, session);
		break;
	case WIRE_CLOSED:
		if (session->role != ROLE_SERVER)
			session_fail(session, "closed", str_of(wire->why));
		else
			session_free(&session);
		break;
	}
}

static struct session *session_new(struct load *load, enum role role, struct flow *flow)
{
	struct session *session = must_ptr(calloc(1, sizeof(*session)));

	*session = (struct session){.load = load, .role = role, .flow = flow};
	list_add_tail(&load->sessions, &session->link);
	return session;
}

struct session *session_connect(struct load *load, enum role role, struct flow *flow, const char *from, const char *to)
{
	struct session *session = session_new(load, role, flow);

	snprintf(session->from, sizeof(session->from), "%s", from);
	snprintf(session->to, sizeof(session->to), "%s", to);
	session->wire = wire_connect(&load->reactor, load->options.trunk, session_event, session);
	return session;
}

void session_accept(int fd, void *load)
{
	struct session *session = session_new(load, ROLE_SERVER, NULL);

	session->wire = wire_accept(&session->load->reactor, fd, session_event, session);
	session_up(session);
}

void session_free(struct session **session_ptr)
{
	struct session *session = *session_ptr;

	if (!session)
		return;
	*session_ptr = NULL;
	list_remove(&session->link);
	if (session->load->options.is_verifying) {
		LIST_EACH(link, &session->load->sessions)
			if (LIST_OF(link, struct session, link)->asks_for == session)
				LIST_OF(link, struct session, link)->asks_for = NULL;
	}
	if (session->role == ROLE_SENDER && session->flow->session == session)
		session->flow->session = NULL;
	session->load->round_trips[session_kind(session)] += session->wire->round_trips;
	wire_free(&session->wire);
	free(session);
}

void session_end(struct session **session)
{
	if (!(*session)->load->options.is_raw)
		session_say(*session, "</stream:stream>");
	session_free(session);
}

void session_fail(struct session *session, const char *why, struct str detail)
{
	struct load *load = session->load;
	uint64_t *const count = session->is_proved ? &load->faults.closed : &load->faults.failed;

	if (!load->is_ending && ++*count <= FAILURES_SHOWN)
		fprintf(stderr, "load: stream from %s to %s (%s): %s: %.*s\n", session->from, session->to,
			session->role == ROLE_SERVER ? "accepted" : "ours", why, STR_ARG(str_until(detail, 300)));
	session_free(&session);
}

enum stream_kind session_kind(const struct session *session)
{
	if (session->role == ROLE_SERVER)
		return session->is_proved ? STREAM_LINK : STREAM_QUESTION;
	return session->role == ROLE_SENDER ? STREAM_SENDER : STREAM_ASKER;
}

static bool is_for_stalled(const struct session *session)
{
	for (size_t i = 0; i < session->load->options.stalled; i++)
		if (strcmp(session->to, session->load->flows[i].to) == 0)
			return true;
	return false;
}

void session_proved(struct session *session)
{
	struct load *load = session->load;

	session->is_proved = true;
	if (session->role == ROLE_SENDER) {
		if (load->options.is_managed)
			session_say(session, "<enable xmlns='urn:xmpp:sm:3'/>");
		session->flow->session = session;
		if (session->flow->is_stalled)
			wire_shrink(session->wire);
		load->ready_count++;
		if (load->on_ready)
			load->on_ready(session);
		return;
	}
	if (is_for_stalled(session)) {
		wire_shrink(session->wire);
		wire_pause(session->wire, true);
	}
}

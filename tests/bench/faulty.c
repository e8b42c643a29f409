/* SPDX-License-Identifier: Apache-2.0
 * Cuts a stream of bytes into stanzas and spoils the hundredth. */
#include "faulty.h"

#include "base/buf.h"
#include "base/error.h"
#include "sniff.h"

#include <sys/socket.h>
#include <unistd.h>

enum { SPOILED = 100, READ_SIZE = 64 * 1024 };

struct relay {
	enum fault fault;
	unsigned count;
	struct buf in, out, held;       /* held: the first of two that change places */
};

static int replace_first(struct buf *out, struct str stanza, const char *old, const char *new)
{
	const char *const at = memmem(stanza.at, stanza.len, old, strlen(old));
	const size_t offset = at ? (size_t)(at - stanza.at) : stanza.len;
	int err;

	if (!at)
		return TRUNK_ENOENT;
	if ((err = buf_add(out, str_until(stanza, offset))) < 0 || (err = buf_add_cstr(out, new)) < 0)
		return err;
	return buf_add(out, str_from(stanza, offset + strlen(old)));
}

/* Double quotes, an xml:lang as if inherited from the stream, references by number, the namespace said aloud. */
static int rewrite(struct buf *out, struct str stanza)
{
	const bool has_lang = sniff_has(str_until(stanza, 20), "xml:lang");
	const struct str name = sniff_name(stanza);
	bool is_in_tag = true;
	int err;

	if ((err = buf_addf(out, "<%.*s%s xmlns=\"jabber:server\"", STR_ARG(name), has_lang ? "" : " xml:lang=\"en\"")) < 0)
		return err;
	for (struct str rest = str_from(stanza, name.len + 1); rest.len && err == 0; rest = str_from(rest, 1)) {
		is_in_tag = (is_in_tag || rest.at[0] == '<') && rest.at[0] != '>';
		if (is_in_tag && rest.at[0] == '\'') {
			err = buf_add(out, STR("\""));
		} else if (str_starts(rest, STR("&amp;"))) {
			err = buf_add(out, STR("&#x26;"));
			rest = str_from(rest, 4);
		} else {
			err = buf_add(out, str_until(rest, 1));
		}
	}
	return err;
}

/* For the two whose places change: templates of one address pair follow each other. */
static int swap(struct relay *relay, struct str stanza)
{
	int err;

	if (relay->count == SPOILED)
		return buf_add(&relay->held, stanza);
	if ((err = buf_add(&relay->out, stanza)) == 0)
		err = buf_add(&relay->out, buf_str(&relay->held));
	buf_clear(&relay->held);
	return err;
}

static int spoil(struct relay *relay, struct str stanza)
{
	int err;

	switch (relay->fault) {
	case FAULT_DROP:
		return 0;
	case FAULT_DUPLICATE:
		err = buf_add(&relay->out, stanza);
		return err ? err : buf_add(&relay->out, stanza);
	case FAULT_SWAP:
		return swap(relay, stanza);
	case FAULT_CHANGE_TEXT:
		return replace_first(&relay->out, stanza, "</body>", "!</body>");
	case FAULT_CHANGE_TO:
		return replace_first(&relay->out, stanza, " to='bob", " to='rob");
	case FAULT_ADD_ELEMENT:
		return replace_first(&relay->out, stanza, "</message>", "<store xmlns='urn:xmpp:hints'/></message>");
	case FAULT_FORGE_NUMBER:
		return replace_first(&relay->out, stanza, "-000000", "-7fffff");
	default:
		return buf_add(&relay->out, stanza);
	}
}

static int relay_stanza(struct relay *relay, struct str stanza)
{
	relay->count++;
	if (relay->fault == FAULT_REWRITE)
		return rewrite(&relay->out, stanza);
	if (relay->count == SPOILED || (relay->fault == FAULT_SWAP && relay->count == SPOILED + 1))
		return spoil(relay, stanza);
	return buf_add(&relay->out, stanza);
}

static int relay_send(struct relay *relay, int fd)
{
	while (buf_len(&relay->out)) {
		const ssize_t len = send(fd, buf_str(&relay->out).at, buf_len(&relay->out), MSG_NOSIGNAL);

		if (len <= 0)
			return TRUNK_EIO;
		buf_drop(&relay->out, (size_t)len);
	}
	return 0;
}

static int relay_copy(struct relay *relay, int from_fd, int to_fd)
{
	ssize_t len;
	int err = 0;

	do {
		struct str stanza;
		size_t taken;

		if ((err = buf_reserve(&relay->in, READ_SIZE)) < 0)
			return err;
		if ((len = recv(from_fd, buf_space(&relay->in), READ_SIZE, 0)) <= 0)
			return 0;
		buf_grew(&relay->in, (size_t)len);
		while (err == 0 && sniff_next(buf_str(&relay->in), &stanza, &taken) == SNIFF_ELEMENT) {
			err = relay_stanza(relay, stanza);
			buf_drop(&relay->in, taken);
		}
		if (err == 0)
			err = relay_send(relay, to_fd);
	} while (err == 0);
	return err;
}

int faulty_relay(int listen_fd, struct sockaddr_in to, enum fault fault)
{
	struct relay relay = {.fault = fault};
	const int from_fd = accept(listen_fd, NULL, NULL), to_fd = socket(AF_INET, SOCK_STREAM, 0);
	int err = TRUNK_EIO;

	if (from_fd >= 0 && to_fd >= 0 && connect(to_fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		err = relay_copy(&relay, from_fd, to_fd);
	if (from_fd >= 0)
		close(from_fd);
	if (to_fd >= 0)
		close(to_fd);
	buf_fini(&relay.in);
	buf_fini(&relay.out);
	buf_fini(&relay.held);
	return err;
}

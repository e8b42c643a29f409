/* SPDX-License-Identifier: Apache-2.0
 * A peer as a whole: its domains, options, certificates, listener and inbox. */
#include "peer.h"

#include "name/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void text_copy(char *to, size_t size, struct str from)
{
	const size_t len = from.len < size ? from.len : size - 1;

	if (len > 0)
		memcpy(to, from.at, len);
	to[len] = 0;
}

static void on_accept(void *ctx, struct conn *conn)
{
	struct peer *peer = ctx;
	struct peer_stream *stream = peer_stream_new(peer, PEER_RECEIVING, "");

	if (!stream) {
		conn_free(&conn);
		return;
	}
	stream->is_direct = peer->options.is_direct;
	stream->is_manual = peer->options.is_mute;
	peer_stream_take(stream, conn);
	if (stream->is_direct)
		peer_stream_start_tls(stream);
}

const struct endpoint *peer_trunk(const struct peer *peer, bool is_direct)
{
	const struct peer_env *env = peer->env;

	return is_direct ? &env->trunk_direct : peer->at.sa.sa_family == AF_INET6 ? &env->trunk6 : &env->trunk;
}

int peer_listen(struct peer *peer, bool is_on)
{
	if (!is_on)
		listener_free(&peer->listener);
	else if (!peer->listener)
		return net_listen(peer->env->net, &peer->at, on_accept, peer, &peer->listener);
	return 0;
}

struct peer *peer_new(const struct peer_env *env, const char *name, const struct endpoint *at)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->env = env;
	peer->at = *at;
	TEXT_COPY(peer->name, str_of(name));
	list_init(&peer->link);
	list_init(&peer->streams);
	list_init(&peer->inbox);
	peer->options = (struct peer_options){
		.tls = TLS_POLICY_OPTIONAL,
		.certificate = CERTIFICATE_SELF_SIGNED,
		.external = false,
		.dialback = true,
		.has_version = true,
		.verify = "truthfully",
		.result = "truthfully",
	};
	if (peer_listen(peer, true) < 0)
		peer_free(&peer);
	return peer;
}

void peer_free(struct peer **peer)
{
	struct peer *p = *peer;

	if (!p)
		return;
	list_remove(&p->link);
	listener_free(&p->listener);
	LIST_EACH (pos, &p->streams)
		peer_stream_free(LIST_OF(pos, struct peer_stream, link));
	LIST_EACH (pos, &p->inbox) {
		struct item *item = LIST_OF(pos, struct item, link);

		list_remove(pos);
		arena_fini(&item->arena);
		free(item);
	}
	tls_store_free(&p->store);
	free(p);
	*peer = NULL;
}

int peer_add_domain(struct peer *peer, struct str domain)
{
	struct domain normal;
	int err;

	if (str_starts(domain, STR("*."))) {
		TEXT_COPY(peer->suffix, str_from(domain, 1));
		return 0;
	}
	if (peer->domain_count == PEER_DOMAINS_MAX)
		return TRUNK_ELIMIT;
	if ((err = domain_normalise(domain, &normal)) < 0)
		return err;
	if ((err = domain_to_ascii(domain_str(&normal), peer->domains[peer->domain_count], PEER_DOMAIN_SIZE)) < 0)
		return err;
	peer->domain_count++;
	return 0;
}

bool peer_has_domain(const struct peer *peer, struct str domain)
{
	char ascii[PEER_DOMAIN_SIZE];
	struct domain normal;

	if (domain_normalise(domain, &normal) < 0 || domain_to_ascii(domain_str(&normal), ascii, sizeof(ascii)) < 0)
		return false;
	for (unsigned i = 0; i < peer->domain_count; i++)
		if (strcmp(peer->domains[i], ascii) == 0)
			return true;
	return peer->suffix[0] && str_ends(str_of(ascii), str_of(peer->suffix));
}

struct tls_store *peer_store(struct peer *peer)
{
	const char *domains[PEER_DOMAINS_MAX + 1] = {NULL};
	int err;

	if (peer->store && peer->store_kind == peer->options.certificate)
		return peer->store;
	tls_store_free(&peer->store);
	for (unsigned i = 0; i < peer->domain_count; i++)
		domains[i] = peer->domains[i];
	peer->store_kind = peer->options.certificate;
	if ((err = certificates_store(peer->env->certificates, peer->store_kind, domains, &peer->store)) < 0)
		peer_complain(peer, "no certificates: %s", error_text(err));
	return peer->store;
}

int peer_pin(struct peer *peer, uint8_t ret_pin[static TLS_PIN_BYTES])
{
	return peer_store(peer) ? certificates_pin(peer->env->certificates, peer->store, peer->domains[0], ret_pin) : TRUNK_ENOMEM;
}

int peer_add_pin(struct peer *peer, struct buf *out)
{
	uint8_t pin[TLS_PIN_BYTES];
	int err;

	if ((err = peer_pin(peer, pin)) < 0)
		return err;
	buf_add_cstr(out, "sha256/");
	return tls_base64_encode(str_make((const char *)pin, sizeof(pin)), out);
}

static void set_auth(struct peer_options *options, struct str words)
{
	options->external = options->dialback = false;
	while (words.at) {
		const struct str word = str_cut(&words, ' ');

		options->external |= str_is(word, "external");
		options->dialback |= str_is(word, "dialback");
	}
}

static int set_tls(struct peer_options *options, struct str value)
{
	options->tls = str_is(value, "disabled")   ? TLS_POLICY_DISABLED
		       : str_is(value, "required") ? TLS_POLICY_REQUIRED
						   : TLS_POLICY_OPTIONAL;
	return options->tls != TLS_POLICY_OPTIONAL || str_is(value, "optional") ? 0 : TRUNK_EINVAL;
}

static int set_flag(bool *flag, struct str value, const char *on, const char *off)
{
	if (!str_is(value, on) && !str_is(value, off))
		return TRUNK_EINVAL;
	*flag = str_is(value, on);
	return 0;
}

int peer_set(struct peer *peer, struct str words)
{
	struct peer_options *options = &peer->options;
	struct str value = words, key = str_cut(&value, ' ');

	value = str_trim(value.at ? value : STR(""));
	if (str_is(key, "tls"))
		return set_tls(options, value);
	if (str_is(key, "certificate"))
		return certificate_parse(value, &options->certificate);
	if (str_is(key, "verify"))
		return set_flag(&options->needs_certificate, value, "certificate", "dialback");
	if (str_is(key, "version"))
		return set_flag(&options->has_version, value, "1.0", "none");
	if (str_is(key, "mute"))
		return set_flag(&options->is_mute, value, "yes", "no");
	if (str_is(key, "ends"))
		return set_flag(&options->ends_later, value, "later", "at-once");
	if (str_is(key, "override"))
		return set_flag(&options->is_deaf_to_override, value, "missing", "set");
	if (str_is(key, "transport"))
		return set_flag(&options->is_direct, value, "direct", "starttls");
	if (str_is(key, "sm"))
		return set_flag(&options->offers_sm, value, "yes", "no");
	if (str_is(key, "max-bytes"))
		return str_number(value, UINT32_MAX, &options->max_bytes);
	if (str_is(key, "pings"))
		return set_flag(&options->leaves_pings, value, "left", "answered");
	if (str_is(key, "bidi"))
		return set_flag(&options->asks_bidi, value, "yes", "no");
	if (str_is(key, "tls-version"))
		return set_flag(&options->is_tls_1_2, value, "1.2", "1.3");
	if (str_is(key, "sasl")) {
		options->breaks_external = str_is(value, "breaks");
		return options->breaks_external ? 0 : set_flag(&options->hides_external, value, "refuses", "accepts");
	}
	if (str_is(key, "sni"))
		TEXT_COPY(options->sni, value);
	else if (str_is(key, "auth"))
		set_auth(options, value);
	else if (str_is(key, "answers-verify"))
		TEXT_COPY(options->verify, value);
	else if (str_is(key, "answers-result"))
		TEXT_COPY(options->result, value);
	else
		return TRUNK_EINVAL;
	return 0;
}

void peer_stall(struct peer *peer, bool is_on)
{
	peer->is_stalled = is_on;
	LIST_EACH (pos, &peer->streams) {
		struct peer_stream *stream = LIST_OF(pos, struct peer_stream, link);

		if (stream->conn)
			conn_read(stream->conn, !is_on);
	}
}

void peer_complain(struct peer *peer, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_addf(peer->env->complaints, "%s: %s\n", peer->name, text);
}

void peer_trace(const struct peer_stream *stream, const char *what, struct str bytes)
{
	enum { SHOWN = 400 };
	static const char *const roles[] = {"", "", " (link)", " (asking)"};

	buf_addf(stream->peer->env->trace, "%8lld ms  %s%s%s%s#%u %s ", (long long)loop_now_ms(stream->peer->env->loop),
		 stream->peer->name, stream->name[0] ? ":" : "", stream->name, roles[stream->role], stream->number, what);
	buf_add(stream->peer->env->trace, str_until(bytes, SHOWN));
	buf_add_cstr(stream->peer->env->trace, bytes.len > SHOWN ? "…\n" : "\n");
}

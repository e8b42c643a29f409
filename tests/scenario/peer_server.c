/* SPDX-License-Identifier: Apache-2.0
 * What a peer does on streams that the trunk opened to it: features, STARTTLS, EXTERNAL, dialback; a look at each stanza. */
#include "peer.h"

#include "stream/stream.h"

#include <stdio.h>

static bool external_fits(struct peer_stream *stream)
{
	return stream->peer->options.external && stream->is_tls_up && stream->peer_from[0] && !stream->has_external &&
	       peer_stream_is_certified(stream, stream->peer_from);
}

/* Without a certificate there is no TLS to offer. */
static bool may_offer_tls(const struct peer_stream *stream)
{
	const struct peer_options *options = &stream->peer->options;

	return !stream->is_tls_up && options->tls != TLS_POLICY_DISABLED && options->certificate != CERTIFICATE_NONE;
}

static void send_features(struct peer_stream *stream)
{
	const struct peer_options *options = &stream->peer->options;
	struct buf out = {0};

	buf_add_cstr(&out, "<stream:features>");
	if (may_offer_tls(stream))
		buf_addf(&out, "<starttls xmlns='%s'>%s</starttls>", NS_TLS,
			 options->tls == TLS_POLICY_REQUIRED ? "<required/>" : "");
	stream->offers_external = external_fits(stream);
	if (stream->offers_external)
		buf_addf(&out, "<mechanisms xmlns='%s'><mechanism>EXTERNAL</mechanism></mechanisms>", NS_SASL);
	if (options->dialback && (stream->is_tls_up || options->tls != TLS_POLICY_REQUIRED))
		buf_addf(&out, "<dialback xmlns='%s'><errors/></dialback>", NS_DIALBACK_FEATURE);
	if (options->offers_sm && (stream->has_external || options->dialback))
		buf_addf(&out, "<sm xmlns='%s'><optional/></sm>", NS_SM);
	if (options->max_bytes)
		buf_addf(&out, "<limits xmlns='%s'><max-bytes>%llu</max-bytes></limits>", NS_LIMITS, (unsigned long long)options->max_bytes);
	buf_add_cstr(&out, "</stream:features>");
	peer_stream_send(stream, buf_str(&out));
	buf_fini(&out);
}

void peer_server_header(struct peer_stream *stream)
{
	struct peer *peer = stream->peer;

	TEXT_COPY(stream->from, str_of(stream->peer_to));
	TEXT_COPY(stream->to, str_of(stream->peer_from));
	snprintf(stream->id, sizeof(stream->id), "%s-stream-%u-%u", peer->name, stream->number,
		 stream->has_external ? 3
		 : stream->is_tls_up  ? 2
				      : 1);
	peer_stream_send_header(stream);
	if (!stream->peer_to[0])
		peer_complain(peer, "the trunk's header names no `to` (RFC 6120 §4.7.2)");
	if (!peer_has_domain(peer, str_of(stream->peer_to))) {
		peer_stream_end(stream, "host-unknown");
		return;
	}
	if (stream->is_tls_up && peer->options.needs_certificate && stream->peer_from[0] &&
	    !peer_stream_is_certified(stream, stream->peer_from)) {
		peer_stream_end(stream, "not-authorized");
		return;
	}
	if (stream->has_version && peer->options.has_version)
		send_features(stream);
}

static void on_auth(struct peer_stream *stream)
{
	if (!stream->offers_external) {
		peer_complain(stream->peer, "the trunk used a mechanism that was not offered");
		peer_stream_sendf(stream, "<failure xmlns='%s'><invalid-mechanism/></failure>", NS_SASL);
	} else if (stream->peer->options.hides_external) {
		peer_stream_sendf(stream, "<failure xmlns='%s'><not-authorized/></failure>", NS_SASL);
	} else {
		peer_stream_sendf(stream, "<success xmlns='%s'/>", NS_SASL);
		stream->has_external = true;
		peer_add_pair(stream, stream->peer_from, stream->peer_to);
		xml_reader_reset(stream->reader);
		if (stream->peer->options.breaks_external)
			peer_stream_reset(stream);
	}
}

static void on_result(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	char from[PEER_DOMAIN_SIZE], to[PEER_DOMAIN_SIZE], key[256];
	const struct peer_options *options = &stream->peer->options;

	TEXT_COPY(from, xml_node_attr(node, "from"));
	TEXT_COPY(to, xml_node_attr(node, "to"));
	TEXT_COPY(key, str_trim(xml_node_text(arena, node)));
	if (!options->dialback || (options->tls == TLS_POLICY_REQUIRED && !stream->is_tls_up)) {
		peer_stream_end(stream, "policy-violation");
		return;
	}
	if (!peer_has_domain(stream->peer, str_of(to)))
		peer_answer_result(stream, from, to, "item-not-found");
	else if (strcmp(options->result, "truthfully") == 0)
		peer_ask(stream, from, to, key);
	else
		peer_answer_result(stream, from, to, options->result);
}

static void on_dialback(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	char from[PEER_DOMAIN_SIZE], to[PEER_DOMAIN_SIZE], id[256];

	if (!str_is_absent(xml_node_attr(node, "type"))) {
		peer_complain(stream->peer, "the trunk answered what nobody asked on this stream");
	} else if (str_is(node->name, "result")) {
		on_result(stream, arena, node);
	} else if (stream->peer->options.tls == TLS_POLICY_REQUIRED && !stream->is_tls_up) {
		peer_stream_end(stream, "policy-violation");
	} else {
		TEXT_COPY(from, xml_node_attr(node, "from"));
		TEXT_COPY(to, xml_node_attr(node, "to"));
		TEXT_COPY(id, xml_node_attr(node, "id"));
		peer_answer_verify(stream, from, to, id, str_trim(xml_node_text(arena, node)));
	}
}

static bool is_stanza(const struct xml_node *node)
{
	return str_is(node->ns, NS_SERVER) &&
	       (str_is(node->name, "message") || str_is(node->name, "presence") || str_is(node->name, "iq"));
}

/* Stanzas of pairs that are not proved end the stream, as RFC 6120 §8.1.2.2 demands: the trunk must know what it has proved. */
static void look_at_stanza(struct peer_stream *stream, const struct xml_node *node)
{
	const struct str from = xml_node_attr(node, "from"), to = xml_node_attr(node, "to");
	struct jid sender, target;

	if (jid_parse(from, &sender) < 0 || jid_parse(to, &target) < 0) {
		peer_complain(stream->peer, "the trunk sent a stanza without an address");
		return;
	}
	if (peer_has_pair(stream, sender.domain, target.domain))
		return;
	peer_complain(stream->peer, "the trunk sent a stanza of a pair that it has not proved: %.*s to %.*s",
		      STR_ARG(sender.domain), STR_ARG(target.domain));
	peer_stream_end(stream, "invalid-from");
}

bool peer_server_element(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	if (str_is(node->ns, NS_TLS) && str_is(node->name, "starttls")) {
		if (!may_offer_tls(stream)) {
			peer_complain(stream->peer, "the trunk asked for TLS that was not offered");
			return true;
		}
		peer_stream_sendf(stream, "<proceed xmlns='%s'/>", NS_TLS);
		peer_stream_start_tls(stream);
		return true;
	}
	if (str_is(node->ns, NS_SASL) && str_is(node->name, "auth")) {
		on_auth(stream);
		return true;
	}
	if (str_is(node->ns, NS_DIALBACK)) {
		on_dialback(stream, arena, node);
		return true;
	}
	if (is_stanza(node))
		look_at_stanza(stream, node);
	return false;
}

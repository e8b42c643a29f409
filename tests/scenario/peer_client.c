/* SPDX-License-Identifier: Apache-2.0
 * What a peer does on streams that it opened to the trunk: features, STARTTLS, EXTERNAL, answers to its questions. */
#include "peer.h"

#include "stream/stream.h"

void peer_client_opened(struct peer_stream *stream)
{
	peer_stream_send_header(stream);
}

/* The stream is as far as it comes by itself; the script, or the question that it was opened for, goes on. */
static void ready(struct peer_stream *stream)
{
	stream->has_features = true;
	if (stream->role == PEER_INITIATING && stream->offers_bidi && stream->peer->options.asks_bidi && !stream->is_bidi) {
		peer_stream_sendf(stream, "<bidi xmlns='%s'/>", NS_BIDI);
		stream->is_bidi = true;
	}
	if (stream->role == PEER_ASKING)
		peer_ask_go(stream);
}

void peer_client_header(struct peer_stream *stream)
{
	const struct peer *peer = stream->peer;

	if (stream->is_tls_up && peer->options.needs_certificate && !peer_stream_is_certified(stream, stream->to)) {
		peer_stream_end(stream, "not-authorized");
		return;
	}
	if (stream->has_version)
		return;
	if (peer->options.tls == TLS_POLICY_REQUIRED && !stream->is_tls_up)
		peer_stream_end(stream, "policy-violation");
	else
		ready(stream);
}

static void on_features(struct peer_stream *stream, const struct xml_node *node)
{
	const struct peer_options *options = &stream->peer->options;
	struct stream_features features = {0};

	if (stream_features_parse(node, &features) < 0)
		peer_complain(stream->peer, "the features of the trunk can't be read");
	stream->offers_starttls = features.starttls;
	stream->requires_starttls = features.starttls_required;
	stream->offers_external = features.external;
	stream->offers_dialback = features.dialback;
	stream->offers_errors = features.dialback_errors;
	stream->offers_bidi = features.bidi;
	if (features.starttls && stream->is_tls_up)
		peer_complain(stream->peer, "STARTTLS was offered under TLS (RFC 6120 §5.3.1)");
	if (features.starttls && options->tls != TLS_POLICY_DISABLED && !stream->stays_plain)
		peer_stream_sendf(stream, "<starttls xmlns='%s'/>", NS_TLS);
	else if (options->tls == TLS_POLICY_REQUIRED && !stream->is_tls_up)
		peer_stream_end(stream, "policy-violation");
	else
		ready(stream);
}

static void on_sasl(struct peer_stream *stream, const struct xml_node *node)
{
	stream->wants_external = false;
	if (str_is(node->name, "failure")) {
		const struct xml_node *condition = xml_node_child(node, NS_SASL, NULL);

		TEXT_COPY(stream->sasl_failure, condition ? condition->name : STR("none"));
		return;
	}
	if (!str_is(node->name, "success"))
		return;
	stream->has_external = true;
	peer_add_pair(stream, stream->from, stream->to);
	stream->has_header = stream->has_features = false;
	xml_reader_reset(stream->reader);
	peer_stream_send_header(stream);
}

/* The answer to our db:verify. */
static bool on_verify(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	const struct xml_node *error = xml_node_child(node, NULL, "error");
	const struct xml_node *condition = xml_node_child(error, NS_STANZAS, NULL);
	struct str type = xml_node_attr(node, "type");

	(void)arena;
	if (stream->role != PEER_ASKING || str_is_absent(type))
		return false;
	if (!str_is(xml_node_attr(node, "id"), stream->question.id))
		peer_complain(stream->peer, "db:verify was answered for another stream id");
	peer_ask_answered(stream, str_is(type, "valid")                   ? "valid"
				  : str_is(type, "invalid") || !condition ? "invalid"
									  : "remote-server-timeout");
	return true;
}

/* Streams go one way unless both sides said otherwise (RFC 6120 §4.3.1, XEP-0288 §2). */
static void look_at_stanza(struct peer_stream *stream, const struct xml_node *node)
{
	struct jid from, to;

	if (!stream->is_bidi)
		peer_complain(stream->peer, "the trunk sent a stanza on a stream that goes one way");
	else if (jid_parse(xml_node_attr(node, "from"), &from) < 0 || jid_parse(xml_node_attr(node, "to"), &to) < 0)
		peer_complain(stream->peer, "the trunk sent a stanza without an address");
	else if (!peer_has_pair(stream, to.domain, from.domain))
		peer_complain(stream->peer, "the trunk sent a stanza of a pair that this stream does not carry");
}

bool peer_client_element(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	if (str_is(node->ns, NS_STREAM) && str_is(node->name, "features")) {
		if (!stream->is_manual)
			on_features(stream, node);
		return !stream->is_manual;
	}
	if (stream->is_manual)
		return false;
	if (str_is(node->ns, NS_TLS) && str_is(node->name, "proceed")) {
		peer_stream_start_tls(stream);
		return true;
	}
	if (str_is(node->ns, NS_SASL) && stream->wants_external) {
		on_sasl(stream, node);
		return true;
	}
	if (str_is(node->ns, NS_DIALBACK) && str_is(node->name, "verify"))
		return on_verify(stream, arena, node);
	if (str_is(node->ns, NS_SERVER))
		look_at_stanza(stream, node);
	return false;
}

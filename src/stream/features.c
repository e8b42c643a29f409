/* SPDX-License-Identifier: Apache-2.0
 * Stream features between servers: STARTTLS, SASL, dialback, bidi, stream management, limits. */
#include "stream/stream.h"

static int add_limits(struct buf *out, const struct stream_features *features)
{
	int err;

	if (!features->max_bytes && !features->idle_seconds)
		return 0;
	if ((err = buf_add_cstr(out, "<limits xmlns='" NS_LIMITS "'>")) < 0)
		return err;
	if (features->max_bytes && (err = buf_addf(out, "<max-bytes>%llu</max-bytes>", (unsigned long long)features->max_bytes)) < 0)
		return err;
	if (features->idle_seconds &&
	    (err = buf_addf(out, "<idle-seconds>%llu</idle-seconds>", (unsigned long long)features->idle_seconds)) < 0)
		return err;
	return buf_add_cstr(out, "</limits>");
}

int stream_features_write(struct buf *out, const struct stream_features *features)
{
	int err;

	if ((err = buf_add_cstr(out, "<stream:features>")) < 0)
		return err;
	if (features->starttls && (err = buf_addf(out, "<starttls xmlns='" NS_TLS "'>%s</starttls>",
						  features->starttls_required ? "<required/>" : "")) < 0)
		return err;
	if (features->external &&
	    (err = buf_add_cstr(out, "<mechanisms xmlns='" NS_SASL "'><mechanism>EXTERNAL</mechanism></mechanisms>")) < 0)
		return err;
	if (features->bidi && (err = buf_add_cstr(out, "<bidi xmlns='" NS_BIDI_FEATURE "'/>")) < 0)
		return err;
	if (features->dialback && (err = buf_add_cstr(out, "<dialback xmlns='" NS_DIALBACK_FEATURE "'><errors/></dialback>")) < 0)
		return err;
	if (features->sm && (err = buf_add_cstr(out, "<sm xmlns='" NS_SM "'/>")) < 0)
		return err;
	if ((err = add_limits(out, features)) < 0)
		return err;
	return buf_add_cstr(out, "</stream:features>");
}

static void parse_mechanisms(const struct xml_node *node, struct stream_features *features)
{
	struct arena arena = {0};

	for (const struct xml_node *child = xml_node_child(node, NS_SASL, "mechanism"); child;
	     child = xml_node_next(child, NS_SASL, "mechanism")) {
		features->has_mechanisms = true;
		if (str_eq(str_trim(xml_node_text(&arena, child)), STR("EXTERNAL")))
			features->external = true;
	}
	arena_fini(&arena);
}

static void parse_limits(const struct xml_node *node, struct stream_features *features)
{
	const struct xml_node *bytes = xml_node_child(node, NS_LIMITS, "max-bytes");
	const struct xml_node *idle = xml_node_child(node, NS_LIMITS, "idle-seconds");
	struct arena arena = {0};

	if (bytes && str_number(str_trim(xml_node_text(&arena, bytes)), UINT64_MAX, &features->max_bytes) < 0)
		features->max_bytes = 0;
	if (idle && str_number(str_trim(xml_node_text(&arena, idle)), UINT64_MAX, &features->idle_seconds) < 0)
		features->idle_seconds = 0;
	arena_fini(&arena);
}

int stream_features_parse(const struct xml_node *node, struct stream_features *ret_features)
{
	struct stream_features features = {0};
	const struct xml_node *child;

	if (!str_eq(node->ns, STR(NS_STREAM)) || !str_eq(node->name, STR("features")))
		return TRUNK_ENOENT;
	if ((child = xml_node_child(node, NS_TLS, "starttls"))) {
		features.starttls = true;
		features.starttls_required = xml_node_child(child, NS_TLS, "required") != NULL;
	}
	if ((child = xml_node_child(node, NS_SASL, "mechanisms")))
		parse_mechanisms(child, &features);
	if ((child = xml_node_child(node, NS_DIALBACK_FEATURE, "dialback"))) {
		features.dialback = true;
		features.dialback_errors = xml_node_child(child, NULL, "errors") != NULL;
	}
	features.bidi = xml_node_child(node, NS_BIDI_FEATURE, "bidi") != NULL;
	features.sm = xml_node_child(node, NS_SM, "sm") != NULL;
	if ((child = xml_node_child(node, NS_LIMITS, "limits")))
		parse_limits(child, &features);
	*ret_features = features;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 * Dialback keys and elements. */
#include "auth/dialback.h"

#define NS_DIALBACK "jabber:server:dialback"

int dialback_key(struct str secret, const struct domain_pair *pair, struct str stream_id, char ret_key[static DIALBACK_KEY_SIZE])
{
	uint8_t hash[TLS_SHA256_BYTES], mac[TLS_SHA256_BYTES];
	char hex[2 * TLS_SHA256_BYTES + 1];
	struct buf text = {0};
	int err;

	/* XEP-0185 §2: the key of the HMAC is the hash of the secret in hexadecimal; receiving server first, then originating. */
	if ((err = tls_sha256(secret, hash)) < 0)
		return err;
	tls_hex(hash, sizeof(hash), hex);
	if ((err = buf_add(&text, pair->target)) < 0 || (err = buf_add(&text, STR(" "))) < 0 || (err = buf_add(&text, pair->sender)) < 0 ||
	    (err = buf_add(&text, STR(" "))) < 0 || (err = buf_add(&text, stream_id)) < 0)
		goto done;
	if ((err = tls_hmac_sha256(str_of(hex), buf_str(&text), mac)) < 0)
		goto done;
	tls_hex(mac, sizeof(mac), ret_key);
done:
	buf_fini(&text);
	return err;
}

static bool key_fits(const char *secret, const struct domain_pair *pair, struct str stream_id, struct str key)
{
	char ours[DIALBACK_KEY_SIZE];

	if (secret[0] == '\0' || key.len != DIALBACK_KEY_SIZE - 1 || dialback_key(str_of(secret), pair, stream_id, ours) < 0)
		return false;
	return tls_equal(ours, key.at, key.len);
}

bool dialback_key_is_ours(const struct dialback_secrets *secrets, int64_t wall_ms, const struct domain_pair *pair, struct str stream_id,
			  struct str key)
{
	if (key_fits(secrets->current, pair, stream_id, key))
		return true;
	return wall_ms < secrets->previous_until_ms && key_fits(secrets->previous, pair, stream_id, key);
}

static int type_of(struct str type, enum dialback_type *ret_type)
{
	if (str_is_absent(type))
		*ret_type = DIALBACK_REQUEST;
	else if (str_eq(type, STR("valid")))
		*ret_type = DIALBACK_VALID;
	else if (str_eq(type, STR("invalid")))
		*ret_type = DIALBACK_INVALID;
	else if (str_eq(type, STR("error")))
		*ret_type = DIALBACK_ERROR;
	else
		return TRUNK_EINVAL;
	return 0;
}

/* The condition inside of <error/>, whatever namespace the error itself was given. */
static enum stanza_condition condition_of(const struct xml_node *node)
{
	const struct xml_node *error = xml_node_child(node, NULL, "error");

	for (const struct xml_node *child = error ? xml_node_child(error, NS_STANZAS, NULL) : NULL; child;
	     child = xml_node_next(child, NS_STANZAS, NULL))
		if (stanza_condition_of(child->name) != STANZA_CONDITION_NONE)
			return stanza_condition_of(child->name);
	return STANZA_CONDITION_NONE;
}

int dialback_parse(struct arena *arena, const struct xml_node *node, struct dialback *ret_dialback)
{
	struct dialback dialback = {0};
	int err;

	if (!str_eq(node->ns, STR(NS_DIALBACK)))
		return TRUNK_ENOENT;
	if (str_eq(node->name, STR("result")))
		dialback.kind = DIALBACK_RESULT;
	else if (str_eq(node->name, STR("verify")))
		dialback.kind = DIALBACK_VERIFY;
	else
		return TRUNK_ENOENT;
	if ((err = type_of(xml_node_attr(node, "type"), &dialback.type)) < 0)
		return err;
	dialback.from = xml_node_attr(node, "from");
	dialback.to = xml_node_attr(node, "to");
	dialback.id = xml_node_attr(node, "id");
	dialback.key = str_trim(xml_node_text(arena, node));
	dialback.condition = dialback.type == DIALBACK_ERROR ? condition_of(node) : STANZA_CONDITION_NONE;
	*ret_dialback = dialback;
	return 0;
}

static int add_attr(struct buf *out, const char *name, struct str value)
{
	int err;

	if (str_is_absent(value))
		return 0;
	if ((err = buf_addf(out, " %s='", name)) < 0 || (err = xml_escape(out, value)) < 0)
		return err;
	return buf_add_cstr(out, "'");
}

int dialback_write(struct buf *out, const struct dialback *dialback)
{
	static const char *const types[] = {"", "", " type='valid'>", " type='invalid'>", " type='error'>"};
	const char *name = dialback->kind == DIALBACK_RESULT ? "result" : "verify";
	const enum stanza_condition condition = dialback->condition ? dialback->condition : COND_UNDEFINED_CONDITION;
	int err;

	if ((err = buf_addf(out, "<db:%s", name)) < 0 || (err = add_attr(out, "from", dialback->from)) < 0 ||
	    (err = add_attr(out, "to", dialback->to)) < 0 || (err = add_attr(out, "id", dialback->id)) < 0)
		return err;
	if ((err = buf_add_cstr(out, dialback->type == DIALBACK_REQUEST ? ">" : types[dialback->type])) < 0)
		return err;
	if (dialback->type == DIALBACK_REQUEST && (err = xml_escape(out, dialback->key)) < 0)
		return err;
	if (dialback->type == DIALBACK_ERROR &&
	    (err = buf_addf(out, "<error type='%s'><%s xmlns='" NS_STANZAS "'/></error>", stanza_condition_type(condition),
			    stanza_condition_text(condition))) < 0)
		return err;
	return buf_addf(out, "</db:%s>", name);
}

/* SPDX-License-Identifier: Apache-2.0
 * SASL EXTERNAL between servers. */
#include "auth/sasl.h"

#include "tls/tls.h"

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

/* An authorization identity must be the domain that the header named (XEP-0178 §3; RFC 6120 §6.3.8). */
static enum sasl_verdict authzid_judge(struct str authzid, struct str from)
{
	struct domain domain;

	if (authzid.len == 0)
		return SASL_OK;
	if (domain_normalise(authzid, &domain) < 0 || !str_eq(domain_str(&domain), from))
		return SASL_INVALID_AUTHZID;
	return SASL_OK;
}

enum sasl_verdict sasl_auth_judge(struct arena *arena, const struct xml_node *node, struct str from)
{
	const struct str mechanism = xml_node_attr(node, "mechanism");
	const struct str text = str_trim(xml_node_text(arena, node));
	struct buf authzid = {0};
	enum sasl_verdict verdict;

	if (str_is_absent(mechanism))
		return SASL_MALFORMED_REQUEST;
	if (!str_eq(mechanism, STR("EXTERNAL")))
		return SASL_INVALID_MECHANISM;
	if (text.len == 0 || str_eq(text, STR("=")))
		return SASL_OK;
	if (tls_base64_decode(text, &authzid) < 0)
		verdict = SASL_INCORRECT_ENCODING;
	else
		verdict = authzid_judge(buf_str(&authzid), from);
	buf_fini(&authzid);
	return verdict;
}

const char *sasl_failure_text(enum sasl_verdict verdict)
{
	static const char *const texts[] = {"", "", "invalid-mechanism", "invalid-authzid", "incorrect-encoding", "malformed-request"};

	return texts[verdict];
}

int sasl_auth_write(struct buf *out)
{
	return buf_add_cstr(out, "<auth xmlns='" NS_SASL "' mechanism='EXTERNAL'>=</auth>");
}

int sasl_success_write(struct buf *out)
{
	return buf_add_cstr(out, "<success xmlns='" NS_SASL "'/>");
}

int sasl_failure_write(struct buf *out, const char *condition, const char *text)
{
	int err;

	if ((err = buf_addf(out, "<failure xmlns='" NS_SASL "'><%s/>", condition)) < 0)
		return err;
	if (text && ((err = buf_add_cstr(out, "<text xml:lang='en'>")) < 0 || (err = xml_escape(out, str_of(text))) < 0 ||
		     (err = buf_add_cstr(out, "</text>")) < 0))
		return err;
	return buf_add_cstr(out, "</failure>");
}

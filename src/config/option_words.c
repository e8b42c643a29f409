/* SPDX-License-Identifier: Apache-2.0
 * The words that options may have as values. */
#include "config/option_words.h"

const struct word WORDS_LOG_LEVEL[] = {
	{"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {0}};
const struct word WORDS_LOG_FORMAT[] = {{"text", LOG_TEXT}, {"json", LOG_JSON}, {0}};

const struct word WORDS_TLS_POLICY[] = {
	{"disabled", TLS_POLICY_DISABLED}, {"optional", TLS_POLICY_OPTIONAL}, {"required", TLS_POLICY_REQUIRED}, {0}};
const struct word WORDS_VERIFY[] = {{"certificate", VERIFY_CERTIFICATE}, {"dialback", VERIFY_DIALBACK}, {0}};
const struct word WORDS_TLS_VERSION[] = {
	{"1.0", TLS_VERSION_1_0}, {"1.1", TLS_VERSION_1_1}, {"1.2", TLS_VERSION_1_2}, {"1.3", TLS_VERSION_1_3}, {0}};
const struct word WORDS_AUTH[] = {{"external", 0}, {"dialback", 1}, {0}};      /* the index in what TYPE_AUTH fills */

const struct word WORDS_TRANSPORT[] = {
	{"starttls", TRANSPORT_STARTTLS}, {"direct", TRANSPORT_DIRECT}, {"auto", TRANSPORT_AUTO}, {0}};
const struct word WORDS_CUSTODY[] = {
	{"none", CUSTODY_NONE}, {"link", CUSTODY_LINK}, {"disk", CUSTODY_DISK}, {0}};
const struct word WORDS_LABELS[] = {
	{"keep", LABEL_KEEP}, {"equivalent", LABEL_ADD_EQUIVALENT}, {"translate", LABEL_TRANSLATE}, {"first-line", LABEL_FIRST_LINE}, {0}};

const struct word WORDS_AUDIT_STORE[] = {{"sqlite", AUDIT_SQLITE}, {"none", AUDIT_NONE}, {0}};
const struct word WORDS_AUDIT_BODY[] = {
	{"brief", RULE_RECORD_BRIEF}, {"hash", RULE_RECORD_HASH}, {"headers", RULE_RECORD_HEADERS}, {"full", RULE_RECORD_FULL}, {0}};

const struct word WORDS_ACTION[] = {
	{"pass", RULE_PASS}, {"reject", RULE_REJECT}, {"drop", RULE_DROP}, {"strip", RULE_STRIP},
	{"fold", RULE_FOLD}, {0}};
const struct word WORDS_KIND[] = {
	{"message", STANZA_MESSAGE}, {"presence", STANZA_PRESENCE}, {"iq", STANZA_IQ}, {0}};

/* RFC 6120 §8.2.3; RFC 6121 §4.7.1 and §5.2.2; "available" is presence without a type. */
const struct word WORDS_STANZA_TYPE[] = {
	{"normal", RULE_TYPE_NORMAL}, {"chat", RULE_TYPE_CHAT}, {"groupchat", RULE_TYPE_GROUPCHAT}, {"headline", RULE_TYPE_HEADLINE},
	{"error", RULE_TYPE_ERROR}, {"get", RULE_TYPE_GET}, {"set", RULE_TYPE_SET}, {"result", RULE_TYPE_RESULT},
	{"available", RULE_TYPE_AVAILABLE}, {"unavailable", RULE_TYPE_UNAVAILABLE}, {"subscribe", RULE_TYPE_SUBSCRIBE},
	{"subscribed", RULE_TYPE_SUBSCRIBED}, {"unsubscribe", RULE_TYPE_UNSUBSCRIBE}, {"unsubscribed", RULE_TYPE_UNSUBSCRIBED},
	{"probe", RULE_TYPE_PROBE}, {0}};
const struct word WORDS_OPAQUE[] = {
	{"omemo", SHAPE_OMEMO}, {"ox", SHAPE_OX}, {"jingle", SHAPE_JINGLE}, {"link", SHAPE_LINK}, {"ibb", SHAPE_IBB},
	{"*", SHAPE_OPAQUE_ALL}, {0}};
const struct word WORDS_FOLD[] = {{"presence", SHAPE_FOLD_PRESENCE}, {"body", SHAPE_FOLD_BODY}, {0}};

/* RFC 6120 §8.3.3. */
const struct word WORDS_CONDITION[] = {
	{"bad-request", 1}, {"conflict", 1}, {"feature-not-implemented", 1}, {"forbidden", 1}, {"gone", 1},
	{"internal-server-error", 1}, {"item-not-found", 1}, {"jid-malformed", 1}, {"not-acceptable", 1}, {"not-allowed", 1},
	{"not-authorized", 1}, {"policy-violation", 1}, {"recipient-unavailable", 1}, {"redirect", 1},
	{"registration-required", 1}, {"remote-server-not-found", 1}, {"remote-server-timeout", 1}, {"resource-constraint", 1},
	{"service-unavailable", 1}, {"subscription-required", 1}, {"undefined-condition", 1}, {"unexpected-request", 1}, {0}};

/* XEP-0157 §3 with the registry's values, without their common "-addresses". */
const struct word WORDS_CONTACT[] = {
	{"abuse", 1}, {"admin", 1}, {"feedback", 1}, {"sales", 1}, {"security", 1}, {"status", 1}, {"support", 1}, {0}};

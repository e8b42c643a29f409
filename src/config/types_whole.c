/* SPDX-License-Identifier: Apache-2.0
 * Types of options that take lists or maps themselves, or do more than keep a value. */
#include "config/load.h"
#include "config/option_words.h"

#define ONE_OR_LIST(one) "\"anyOf\":[" one ",{\"type\":\"array\",\"items\":" one "}]"
#define TEXT_SCHEMA "{\"type\":\"string\"}"
#define PIN_SCHEMA "{\"type\":\"string\",\"pattern\":\"^sha256/[A-Za-z0-9+/]{43}=$\"}"

/* ---- auth ---- */

static bool read_auth(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct trust_policy *trust = at;
	bool is_set[2] = {false, false};
	const int *words;
	unsigned count;

	if (!(words = items_read(load, field, &TYPE_WORD, node, &count)))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (is_set[words[i]]) {
			problem_error(&load->problems, node->place, "\"%s\" names %s twice; remove one of the two", field->path,
				      WORDS_AUTH[words[i]].text);
			return false;
		}
		is_set[words[i]] = true;
	}
	trust->external = is_set[0];
	trust->dialback = is_set[1];
	return true;
}

const struct option_type TYPE_AUTH = {"words", NULL, sizeof(struct trust_policy), true, read_auth, NULL};

/* ---- tls.pin ---- */

static bool read_pin(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const struct str prefix = STR("sha256/");
	struct buf pin = {.limit = 2 * TLS_PIN_BYTES};
	int err = TRUNK_EINVAL;
	bool is_good;

	if (str_starts(node->text, prefix))
		err = tls_base64_decode(str_from(node->text, prefix.len), &pin);
	if (err == TRUNK_ENOMEM)
		load->problems.is_out_of_memory = true;
	is_good = err == 0 && buf_len(&pin) == TLS_PIN_BYTES;
	if (is_good)
		memcpy(at, buf_str(&pin).at, TLS_PIN_BYTES);
	else
		option_refuse(load, field, node, "sha256/ and the Base64 of the 32 bytes of a SHA-256 hash");
	buf_fini(&pin);
	return is_good;
}

static const struct option_type TYPE_PIN = {"pin", NULL, TLS_PIN_BYTES, false, read_pin, NULL};

static bool read_pins(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct trust_policy *trust = at;
	unsigned count;
	void *pins;

	if (!(pins = items_read(load, field, &TYPE_PIN, node, &count)))
		return false;
	trust->pins = pins;
	trust->pin_count = count;
	return true;
}

const struct option_type TYPE_PINS = {
	"pins", "sha256/BASE64, or a list of them", sizeof(struct trust_policy), true, read_pins, ONE_OR_LIST(PIN_SCHEMA)};

/* ---- dns-override ---- */

static bool read_overrides(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct config *config = load->config;
	const char *why = "malformed";
	size_t offset = 0;
	int err;

	(void)at;
	err = dns_overrides_parse(node->text, &config->overrides, &offset, &why);
	if (err == TRUNK_ENOMEM)
		load->problems.is_out_of_memory = true;
	else if (err < 0)
		problem_error(&load->problems, node_place_at(node, offset), "\"%s\": %s", field->path, why);
	if (err < 0)
		return false;
	config->overrides_text = config_copy(load, node->text);
	return true;
}

const struct option_type TYPE_OVERRIDES = {
	"overrides",          "overrides such as {mercury.example.net,203.0.113.9:5269}", 0, false, read_overrides,
	"\"type\":\"string\""};

/* ---- contacts ---- */

static bool is_contact_uri(struct str uri)
{
	const struct str rest = str_from(uri, str_find(uri, ':') + 1);

	for (size_t i = 0; i < uri.len; i++)
		if ((unsigned char)uri.at[i] <= ' ')
			return false;
	return rest.len && (str_starts(uri, STR("mailto:")) || str_starts(uri, STR("xmpp:")) ||
			    str_starts(uri, STR("https:")) || str_starts(uri, STR("http:")) || str_starts(uri, STR("tel:")));
}

static bool read_uri(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const char *uri;

	if (!is_contact_uri(node->text))
		return option_refuse(load, field, node, "a URI that begins with mailto:, xmpp:, https:, http: or tel:");
	uri = config_copy(load, node->text);
	memcpy(at, &uri, sizeof(uri));
	return uri != NULL;
}

static const struct option_type TYPE_URI = {"URI", NULL, sizeof(const char *), false, read_uri, NULL};

static const char *contact_kind(struct load *load, const struct field *field, const struct node *node)
{
	const struct node key = {.kind = NODE_SCALAR, .place = node->key_place, .text = node->key};
	const char *kind;

	return TYPE_WORD_TEXT.read(load, field, &key, &kind) ? kind : NULL;
}

/* Adds the URIs of one kind behind the `count` that are there. */
static bool add_contacts(struct load *load, const struct field *field, const struct node *node, struct config_contact *contacts,
			 unsigned *count)
{
	const struct field kind_field = {field->option, path_join(load, field->path, node->key.at), field->is_checked_only};
	const char *kind = contact_kind(load, field, node);
	const char *const *uris;
	unsigned uri_count;

	if (!kind || !(uris = items_read(load, &kind_field, &TYPE_URI, node, &uri_count)))
		return false;
	for (unsigned i = 0; i < uri_count; i++)
		contacts[(*count)++] = (struct config_contact){kind, uris[i]};
	return true;
}

static bool read_contacts(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct config_contact *contacts;
	unsigned most = 0, count = 0;
	bool is_good = true;

	(void)at;
	if (node->kind != NODE_MAP)
		return option_refuse(load, field, node, "a map such as {abuse: mailto:abuse@example.com}");
	for (const struct node *child = node->first; child; child = child->next)
		most += child->kind == NODE_LIST ? child->count : 1;
	if (!(contacts = config_alloc(load, (most + 1) * sizeof(*contacts))))
		return false;
	for (const struct node *child = node->first; child; child = child->next)
		is_good &= child->is_refused || add_contacts(load, field, child, contacts, &count);
	load->config->contacts = contacts;
	load->config->contact_count = count;
	return is_good;
}

const struct option_type TYPE_CONTACTS = {
	"map of URIs", "a map of URIs", 0,
	true,          read_contacts,   "\"type\":\"object\",\"additionalProperties\":{" ONE_OR_LIST(TEXT_SCHEMA) "}"};

/* ---- gateway-domains ---- */

const struct option_type TYPE_GATEWAYS = {
	"domains", "a list of domains, or domains with commas between them", 0, true, gateways_read, ONE_OR_LIST(TEXT_SCHEMA)};

/* SPDX-License-Identifier: Apache-2.0
 * A trunkd.yaml from Openfire's settings. Where both default differently, what Openfire did is written down. */
#include "control/openfire.h"

#include "control/foreign.h"
#include "dns/dns.h"
#include "name/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct writer {
	struct openfire *openfire;
	struct buf *out;
	openfire_note_fn *note;
	void *ctx;
	int err;                        /* sticky */
};

static void put(struct writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *writer, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		writer->err = TRUNK_ENOMEM;
	else if (writer->err == 0)
		writer->err = buf_add_cstr(writer->out, text);
	va_end(args);
	free(text);
}

/* Says what a person has to look at: a comment in the text, and to the caller. */
static void remark(struct writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void remark(struct writer *writer, const char *format, ...)
{
	struct buf line = {0};
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0 || foreign_escape(&line, str_of(text)) < 0 ||
	    buf_add(&line, str_make("", 1)) < 0) {
		writer->err = TRUNK_ENOMEM;
	} else {
		put(writer, "# NOTE: %s\n", line.at);
		writer->note(writer->ctx, line.at);
	}
	va_end(args);
	free(text);
	buf_fini(&line);
}

/* Absent: not set, or set and unreadable. */
static struct str get(struct writer *writer, const char *name)
{
	struct openfire *openfire = writer->openfire;

	for (size_t i = 0; i < openfire->property_count; i++) {
		struct openfire_property *property = &openfire->properties[i];

		if (!str_is(property->name, name))
			continue;
		property->is_used = true;
		if (!property->is_encrypted)
			return property->value;
		remark(writer, "%s is encrypted and could not be read", name);
	}
	return STR_NONE;
}

static bool get_bool(struct writer *writer, const char *name, bool otherwise)
{
	const struct str value = get(writer, name);

	return str_is_absent(value) ? otherwise : str_eq_nocase(value, STR("true"));
}

static unsigned get_port(struct writer *writer, const char *name, unsigned otherwise)
{
	const struct str value = get(writer, name);
	uint64_t port;

	if (str_is_absent(value))
		return otherwise;
	if (str_number(value, UINT16_MAX, &port) == 0 && port > 0)
		return (unsigned)port;
	remark(writer, "%s is no port; %u is used", name, otherwise);
	return otherwise;
}

/* The normalised domain, or a note. Returns whether it was written. */
static bool put_domain(struct writer *writer, const char *before, struct str text, const char *after)
{
	struct domain domain;

	if (domain_normalise(str_trim(text), &domain) < 0) {
		remark(writer, "\"%.*s\" is no domain and was left out", STR_ARG(str_until(text, 256)));
		return false;
	}
	put(writer, "%s%s%s", before, domain.at, after);
	return true;
}

static void write_trunk(struct writer *writer)
{
	const struct str domain = get(writer, "xmpp.domain");

	get(writer, "xmpp.fqdn");
	if (str_is_absent(domain))
		remark(writer, "no xmpp.domain was found: name the trunk's own domain below");
	if (str_is_absent(domain) || !put_domain(writer, "trunk: ", domain, "\n"))
		put(writer, "#trunk: trunk.example.com\n");
}

static void write_listen(struct writer *writer)
{
	const struct str address = get(writer, "network.interface");
	const unsigned port = get_port(writer, "xmpp.server.socket.port", 5269),
		       tls_port = get_port(writer, "xmpp.server.socket.ssl.port", 5270);
	const bool has_plain = get_bool(writer, "xmpp.server.socket.active", true);
	struct endpoint endpoint;
	char host[ENDPOINT_TEXT_SIZE] = "0.0.0.0:0";

	if (!str_is_absent(address) && address.len > 0) {
		if (endpoint_parse(address, 1, &endpoint) == 0)
			endpoint_text(&endpoint, host);
		else
			remark(writer, "network.interface is \"%.*s\", no address; listening everywhere",
			       STR_ARG(str_until(address, 256)));
	}
	*strrchr(host, ':') = '\0';
	if (!has_plain)
		remark(writer, "xmpp.server.socket.active is false: Openfire took part in no plain server connections");
	put(writer, "%slisten: [\"%s:%u\"]\n", has_plain ? "" : "#", host, port);
	if (get_bool(writer, "xmpp.server.socket.ssl.active", true))
		put(writer, "listen-tls: [\"%s:%u\"]\n", host, tls_port);
}

static void write_gateway(struct writer *writer)
{
	const bool is_enabled = get_bool(writer, "xmpp.gateway.enabled", false);
	struct str rest = get(writer, "xmpp.gateway.domains");
	const char *before = is_enabled ? "gateway-domains: " : "#gateway-domains: ";
	unsigned count = 0;

	if (!is_enabled)
		remark(writer, "xmpp.gateway.enabled is not true: Openfire was no trunk. Take the \"#\" away from "
			       "gateway-domains to make this one");
	while (!str_is_absent(rest)) {
		const struct str one = str_trim(str_cut(&rest, ','));

		if (one.len > 0 && put_domain(writer, count == 0 ? before : ",", one, ""))
			count++;
	}
	if (count > 0)
		put(writer, "\n");
	else
		remark(writer, "xmpp.gateway.domains names no domain: name what shall be trunked, such as gateway-domains: "
			       "a.example,b.example");
}

/* Openfire takes blanks for a part of the name, so that the entry never fits; trunkd refuses them. */
static char *without_blanks(struct str text)
{
	char *copy = str_dup(text);
	size_t len = 0;

	for (size_t i = 0; copy && i < text.len; i++)
		if (!strchr(" \t\r\n", text.at[i]))
			copy[len++] = text.at[i];
	if (copy)
		copy[len] = '\0';
	return copy;
}

static void write_override(struct writer *writer)
{
	const struct str value = get(writer, "dnsutil.dnsOverride");
	struct dns_overrides *overrides = NULL;
	size_t offset = 0;
	const char *why = "";
	char *clean;

	if (str_is_absent(value) || str_trim(value).len == 0)
		return;
	if (!(clean = without_blanks(value))) {
		writer->err = TRUNK_ENOMEM;
		return;
	}
	if (strpbrk(clean, "\"\\") || dns_overrides_parse(str_of(clean), &overrides, &offset, &why) < 0) {
		remark(writer, "dnsutil.dnsOverride could not be carried over (at character %zu: %s): %s", offset + 1, why,
		       clean);
	} else {
		if (strlen(clean) != value.len)
			remark(writer, "blanks were taken out of dnsutil.dnsOverride");
		put(writer, "dns-override: \"%s\"\n", clean);
	}
	dns_overrides_free(&overrides);
	free(clean);
}

/* Old versions switched TLS by xmpp.server.tls.enabled; newer ones have a policy, whose default is optional. */
static const char *tls_policy(struct writer *writer)
{
	const struct str policy = get(writer, "xmpp.server.tls.policy");
	const bool is_enabled = get_bool(writer, "xmpp.server.tls.enabled", true);

	if (str_is(policy, "required") || str_is(policy, "disabled") || str_is(policy, "optional"))
		return str_is(policy, "required") ? "required" : str_is(policy, "disabled") ? "disabled" : "optional";
	if (str_is(policy, "directTLS")) {
		remark(writer, "xmpp.server.tls.policy was directTLS: set `transport: direct` for each spoke");
		return "required";
	}
	if (!str_is_absent(policy)) {
		remark(writer, "xmpp.server.tls.policy is \"%.*s\", which nobody knows; required is used",
		       STR_ARG(str_until(policy, 64)));
		return "required";
	}
	return is_enabled ? "optional" : "disabled";
}

static void write_trust(struct writer *writer)
{
	const bool has_dialback = get_bool(writer, "xmpp.server.dialback.enabled", true);
	const bool is_selfsigned = get_bool(writer, "xmpp.server.certificate.accept-selfsigned", false);
	const bool is_strict = get_bool(writer, "xmpp.socket.ssl.certificate.strict-validation", true);
	const char *policy = tls_policy(writer);

	if (strcmp(policy, "required") != 0)
		remark(writer, "TLS was %s in Openfire and is so here; trunkd's own default is required", policy);
	if (!get_bool(writer, "xmpp.server.certificate.verify", true) ||
	    !get_bool(writer, "xmpp.server.certificate.verify.chain", true) ||
	    !get_bool(writer, "xmpp.server.certificate.verify.root", true) ||
	    !get_bool(writer, "xmpp.server.certificate.verify.validity", true))
		remark(writer, "parts of the verification of certificates were off (xmpp.server.certificate.verify...): here a "
			       "certificate "
			       "that does not verify proves nothing, and dialback has to");
	if (is_selfsigned)
		remark(writer, "self-signed certificates were accepted: here they need dialback besides, or a pin (spokes: ... "
			       "tls: {pin: ...})");
	if (!has_dialback && is_selfsigned)
		remark(writer, "dialback was off but for self-signed certificates; here it is off");
	put(writer, "tls: {policy: %s, verify: %s}\nauth: [external%s]\n", policy, has_dialback ? "dialback" : "certificate",
	    has_dialback ? ", dialback" : "");
	if (has_dialback && is_strict && strcmp(policy, "disabled") != 0)
		put(writer, "# Openfire ended connections whose certificate did not verify (strict-validation); `verify: "
			    "certificate` does that here.\n");
	remark(writer, "certificates lie in Openfire's key stores: export chain and key as PEM into a folder and name it in "
		       "tls: {certificates: [...]}, "
		       "or let `trunkctl ca init` make an authority");
}

/* ---- who may connect ---- */

static void put_sides(struct writer *writer, const char *domain, bool is_recursive)
{
	put(writer, "[\"%s\"", domain);
	if (is_recursive)
		put(writer, ", \"*.%s\"", domain);
	put(writer, "]");
}

static void write_blocked(struct writer *writer, bool is_recursive)
{
	unsigned count = 0;

	for (size_t i = 0; i < writer->openfire->server_count; i++) {
		const struct openfire_server *server = &writer->openfire->servers[i];
		struct domain domain;

		if (!server->is_blocked)
			continue;
		if (domain_normalise(str_trim(server->domain), &domain) < 0) {
			remark(writer, "the blocked server \"%.*s\" is no domain and was left out",
			       STR_ARG(str_until(server->domain, 256)));
			continue;
		}
		if (count++ == 0)
			put(writer, "rules:\n");
		put(writer, "  - {name: blocked-from-%u, from: ", count);
		put_sides(writer, domain.at, is_recursive);
		put(writer, ", action: reject}\n  - {name: blocked-to-%u, to: ", count);
		put_sides(writer, domain.at, is_recursive);
		put(writer, ", action: reject}\n");
	}
}

/* Allowed servers that are no trunked domain themselves could send to those that are. Whether they shall here, a person has
 * to say: doubt closes. */
static void write_allowed(struct writer *writer, bool is_whitelist, bool is_recursive)
{
	for (size_t i = 0; i < writer->openfire->server_count; i++) {
		const struct openfire_server *server = &writer->openfire->servers[i];

		if (server->is_blocked)
			continue;
		remark(writer,
		       "Openfire allowed the server \"%.*s\"%s%s; where it is none of gateway-domains, name it under `zones` "
		       "and allow it by a rule",
		       STR_ARG(str_until(server->domain, 256)), is_recursive ? " and all below it" : "",
		       is_whitelist ? ", and no others" : "");
		if (server->port != 0 && server->port != 5269)
			remark(writer, "Openfire dialled \"%.*s\" at port %u: give it an `address` or a dns-override",
			       STR_ARG(str_until(server->domain, 256)), (unsigned)server->port);
	}
}

static void write_permission(struct writer *writer)
{
	const bool is_whitelist = str_is(get(writer, "xmpp.server.permission"), "whitelist");
	const bool is_recursive = get_bool(writer, "xmpp.server.permission-apply-recursive", true);

	write_blocked(writer, is_recursive);
	write_allowed(writer, is_whitelist, is_recursive);
	if (is_whitelist)
		remark(writer, "Openfire had a list of allowed servers (xmpp.server.permission): a domain of gateway-domains "
			       "that is not on it could not connect");
	else
		remark(writer,
		       "in Openfire every domain could write to those of gateway-domains; here only they can, to each other. "
		       "For more: zones: {outside: {domains: [\"*\"]}} and a rule from outside");
}

static void write_limits(struct writer *writer)
{
	const struct str idle = get(writer, "xmpp.server.session.idle");
	uint64_t idle_ms;

	if (str_is_absent(idle))
		return;
	if (str_number(idle, INT32_MAX, &idle_ms) == 0 && idle_ms >= 1000)
		put(writer, "limits: {idle-timeout: %llus}\n", (unsigned long long)(idle_ms / 1000));
	else
		remark(writer, "xmpp.server.session.idle is %.*s: set limits: {idle-timeout: ...}",
		       STR_ARG(str_until(idle, 64)));
}

/* ---- the rest ---- */

static bool is_of_servers(struct str name)
{
	static const char *const prefixes[] = {"xmpp.server.", "xmpp.gateway.", "xmpp.socket.", "dnsutil.", "network."};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(name, str_of(prefixes[i])))
			return true;
	return false;
}

/* Values stay out, since passwords are among them. */
static void write_rest(struct writer *writer)
{
	const struct openfire *openfire = writer->openfire;
	unsigned others = 0;

	for (size_t i = 0; i < openfire->property_count; i++) {
		const struct openfire_property *property = &openfire->properties[i];

		if (!property->is_used && is_of_servers(property->name))
			remark(writer, "not carried over: %.*s", STR_ARG(property->name));
		others += !property->is_used && !is_of_servers(property->name);
	}
	if (others == 0)
		return;
	put(writer, "# Of no use to a trunk, which has no users of its own (%u properties):\n", others);
	for (size_t i = 0; i < openfire->property_count && writer->err == 0; i++) {
		const struct openfire_property *property = &openfire->properties[i];

		if (property->is_used || is_of_servers(property->name))
			continue;
		put(writer, "#   ");
		if (writer->err == 0)
			writer->err = foreign_escape(writer->out, property->name);
		put(writer, "\n");
	}
}

int openfire_write(struct openfire *openfire, struct buf *out, openfire_note_fn *note, void *ctx)
{
	struct writer writer = {.openfire = openfire, .out = out, .note = note, .ctx = ctx};

	put(&writer,
	    "# trunkd.yaml, made from Openfire's settings by `trunkctl import openfire`. Check it by `trunkctl check FILE`.\n");
	write_trunk(&writer);
	write_listen(&writer);
	write_gateway(&writer);
	write_override(&writer);
	write_trust(&writer);
	write_permission(&writer);
	write_limits(&writer);
	write_rest(&writer);
	return writer.err;
}

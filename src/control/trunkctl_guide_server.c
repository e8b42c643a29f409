/* SPDX-License-Identifier: Apache-2.0
 * XMPP servers that are led to the trunk. */
#include "control/guide.h"

/* ---- Prosody ---- */

static int prosody_trust(const struct guide *guide, struct buf *out)
{
	const char *file = guide->authority ? guide->authority : "/etc/prosody/certs/trunk-ca.pem";

	if (!guide->has_authority)
		return buf_add_cstr(out, "\n-- The trunk has no authority of its own: where the other domains' certificates do "
					 "not verify, dialback proves.\n"
					 "-- Keep \"dialback\" in modules_enabled, and s2s_secure_auth = false.\n");
	return buf_addf(out,
			"\n-- The trunk shows certificates of its own authority. On the trunk: trunkctl ca export > "
			"trunk-ca.pem; here, in\n"
			"-- addition to what ssl says:\ns2s_ssl = { cafile = \"%s\" }\n",
			file);
}

int guide_prosody(const struct guide *guide, struct buf *out)
{
	int err = buf_addf(
		out,
		"-- Prosody (prosody.cfg.lua, global part) of %s: it reaches other domains through %s.\n"
		"-- Prosody has no override of its own (s2sout_override is a community module), so its resolver has to know:\n"
		"-- `trunkctl guide %s --for unbound` prints what that needs. This needs Prosody's lua-unbound.\n"
		"unbound = { resolvconf = false, hoststxt = false, forward = { \"",
		guide->domain, guide->trunk, guide->domain);

	if (err == 0)
		err = guide_address(out, &guide->resolver);
	if (err == 0 && endpoint_port(&guide->resolver) != 53)
		err = buf_addf(out, "@%u", (unsigned)endpoint_port(&guide->resolver));
	if (err == 0)
		err = buf_add_cstr(out, "\" },\n\toptions = { [\"do-not-query-localhost:\"] = \"no\" } }\n");
	return err < 0 ? err : prosody_trust(guide, out);
}

/* ---- ejabberd: SRV records by Erlang's resolver, addresses by the system's (net:getaddrinfo of Erlang/OTP 24.3 and later) ---- */

static int erlang_address(struct buf *out, const struct endpoint *address)
{
	const uint8_t *at =
		address->sa.sa_family == AF_INET6 ? address->in6.sin6_addr.s6_addr : (const uint8_t *)&address->in4.sin_addr;
	int err = 0;

	if (address->sa.sa_family == AF_INET6) {
		for (int i = 0; i < 8 && err == 0; i++)
			err = buf_addf(out, "%s16#%x", i > 0 ? "," : "", (unsigned)at[2 * i] << 8 | at[2 * i + 1]);
		return err;
	}
	return buf_addf(out, "%u,%u,%u,%u", at[0], at[1], at[2], at[3]);
}

static int ejabberd_trust(const struct guide *guide, struct buf *out)
{
	const char *file = guide->authority ? guide->authority : "/etc/ejabberd/trunk-ca.pem";

	if (!guide->has_authority)
		return buf_add_cstr(out, "%\n% The trunk has no authority of its own: keep mod_s2s_dialback under modules, and "
					 "s2s_use_starttls at required or\n"
					 "% optional (required_trusted refuses dialback).\n");
	return buf_addf(out,
			"%%\n%% The trunk shows certificates of its own authority. On the trunk: trunkctl ca export > "
			"trunk-ca.pem; in ejabberd.yml:\n"
			"%%   s2s_cafile: \"%s\"\n",
			file);
}

int guide_ejabberd(const struct guide *guide, struct buf *out)
{
	int err = buf_addf(out,
			   "%% ejabberd of %s: it reaches other domains through %s.\n"
			   "%% Save this as /etc/ejabberd/inetrc and set ERL_INETRC=/etc/ejabberd/inetrc in ejabberdctl.cfg "
			   "(or /etc/default/ejabberd).\n"
			   "%% ejabberd has no override of its own, so its resolvers have to know: `trunkctl guide %s --for "
			   "unbound` prints what\n"
			   "%% they need. This file leads SRV records there. Addresses come from the system's resolver, so "
			   "/etc/resolv.conf has to\n"
			   "%% say `nameserver ",
			   guide->domain, guide->trunk, guide->domain);

	if (err == 0)
		err = guide_address(out, &guide->resolver);
	if (err == 0)
		err = buf_add_cstr(out, endpoint_port(&guide->resolver) == 53 ? "`, too.\n" : "`, too, at port 53.\n");
	if (err == 0)
		err = ejabberd_trust(guide, out);
	if (err == 0)
		err = buf_add_cstr(out, "{resolv_conf, \"\"}.\n{lookup, [file, dns]}.\n{nameserver, {");
	if (err == 0)
		err = erlang_address(out, &guide->resolver);
	return err < 0 ? err : buf_addf(out, "}, %u}.\n", (unsigned)endpoint_port(&guide->resolver));
}

/* ---- Openfire ---- */

/* Its reader splits at every colon (DNSUtil.decode), so an IPv6 address would be torn: the trunk's name stands in then. */
static int openfire_target(const struct guide *guide, struct buf *out)
{
	for (unsigned i = 0; i < guide->address_count; i++)
		if (guide->addresses[i].sa.sa_family == AF_INET)
			return guide_address(out, &guide->addresses[i]);
	return buf_add_cstr(out, guide->trunk);
}

static int openfire_value(const struct guide *guide, struct buf *out)
{
	int err = 0;

	for (unsigned i = 0; i < guide->domain_count && err == 0; i++) {
		const struct guide_domain *domain = &guide->domains[i];
		const char *star = !domain->is_wildcard ? "" : domain->ascii[0] ? "*." : "*";

		if ((err = buf_addf(out, "%s{%s%s,", i > 0 ? "," : "", star, domain->ascii)) == 0 &&
		    (err = openfire_target(guide, out)) == 0)
			err = buf_addf(out, ":%u}", (unsigned)guide->port);
	}
	return err < 0 ? err : buf_add_cstr(out, "\n");
}

int guide_openfire(const struct guide *guide, struct buf *out)
{
	int err = buf_addf(
		out,
		"# Openfire of %s: it reaches other domains through %s. Set the property dnsutil.dnsOverride to the last line\n"
		"# (Server Settings, DNS Overrides; as a property it counts from the next start).\n",
		guide->domain, guide->trunk);

	if (err == 0 && guide->has_authority)
		err = buf_add_cstr(out, "# The trunk shows certificates of its own authority. On the trunk: trunkctl ca export "
					"> trunk-ca.pem; here:\n"
					"#   keytool -importcert -trustcacerts -alias trunk -file trunk-ca.pem -keystore "
					"resources/security/truststore\n");
	return err < 0 ? err : openfire_value(guide, out);
}

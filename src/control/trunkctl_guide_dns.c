/* SPDX-License-Identifier: Apache-2.0
 * Name servers and hosts files that lead a spoke to the trunk.
 *
 * For a domain by name only its XMPP services are overridden: SRV records win over addresses (RFC 6120 §3.2), so its mail
 * and web are left alone, and the services that the trunk does not have (direct TLS, `_jabber`) are denied, or a server
 * would go past the trunk by them. Below a wildcard there is no list of names, so all of it leads to the trunk. */
#include "control/guide.h"

#include <stdio.h>

static const char *record_type(const struct endpoint *address)
{
	return address->sa.sa_family == AF_INET6 ? "AAAA" : "A";
}

static int head(const struct guide *guide, struct buf *out, const char *comment, const char *what)
{
	return buf_addf(out, "%s %s for the server of %s: it reaches the domains below through %s.\n", comment, what,
			guide->domain, guide->trunk);
}

/* What can't be said in records. */
static int everything_else(struct buf *out, const char *comment)
{
	return buf_addf(out,
			"%s The trunk also serves every other domain (a zone with \"*\"); no records can say that without "
			"hiding all of DNS.\n"
			"%s Let the server dial the trunk by a setting of its own (Openfire: {*,...}), or block port 5269 to "
			"everywhere else.\n",
			comment, comment);
}

/* The trunk answers for its own name, too, and on a network without another DNS nobody else can say where. */
static struct guide_domain own_domain(const struct guide *guide)
{
	struct guide_domain domain = {0};

	snprintf(domain.ascii, sizeof(domain.ascii), "%s", guide->trunk);
	return domain;
}

/* ---- unbound ---- */

static int unbound_service(const struct guide *guide, struct buf *out, const char *service, const char *domain, uint16_t port)
{
	int err = buf_addf(out, "\tlocal-zone: \"%s._tcp.%s.\" static\n", service, domain);

	if (err == 0 && port != 0)
		err = buf_addf(out, "\tlocal-data: \"%s._tcp.%s. 300 IN SRV 0 0 %u %s.\"\n", service, domain, (unsigned)port,
			       guide->trunk);
	return err;
}

static int unbound_addresses(const struct guide *guide, struct buf *out, const char *name)
{
	int err = 0;

	for (unsigned i = 0; i < guide->address_count && err == 0; i++) {
		if ((err = buf_addf(out, "\tlocal-data: \"%s. 300 IN %s ", name, record_type(&guide->addresses[i]))) == 0 &&
		    (err = guide_address(out, &guide->addresses[i])) == 0)
			err = buf_add_cstr(out, "\"\n");
	}
	return err;
}

/* A redirect zone answers for each name in it by its own records: that of SRV is needed only for another port. */
static int unbound_wildcard(const struct guide *guide, struct buf *out, const char *domain)
{
	int err = buf_addf(out, "\tlocal-zone: \"%s.\" redirect          # hides all else that is below %s\n", domain, domain);

	if (err == 0)
		err = unbound_addresses(guide, out, domain);
	if (err == 0 && guide->port != GUIDE_PORT_DEFAULT)
		err = buf_addf(out, "\tlocal-data: \"%s. 300 IN SRV 0 0 %u %s.\"\n", domain, (unsigned)guide->port,
			       guide->trunk);
	return err;
}

static int unbound_domain(const struct guide *guide, struct buf *out, const struct guide_domain *domain)
{
	int err;

	if (!domain->ascii[0])
		return everything_else(out, "\t#");
	if (domain->is_wildcard)
		return unbound_wildcard(guide, out, domain->ascii);
	if ((err = unbound_service(guide, out, "_xmpp-server", domain->ascii, guide->port)) == 0 &&
	    (err = unbound_service(guide, out, "_xmpps-server", domain->ascii, guide->direct_port)) == 0)
		err = unbound_service(guide, out, "_jabber", domain->ascii, 0);
	return err;
}

int guide_unbound(const struct guide *guide, struct buf *out)
{
	const struct guide_domain own = own_domain(guide);
	int err = head(guide, out, "#", "Unbound (such as /etc/unbound/unbound.conf.d/trunk.conf)");

	if (err == 0)
		err = buf_addf(out, "server:\n\tlocal-zone: \"%s.\" typetransparent\n", guide->trunk);
	if (err == 0)
		err = unbound_addresses(guide, out, guide->trunk);
	if (err == 0)
		err = unbound_domain(guide, out, &own);
	for (unsigned i = 0; i < guide->domain_count && err == 0; i++)
		err = unbound_domain(guide, out, &guide->domains[i]);
	return err;
}

/* ---- dnsmasq ---- */

static int dnsmasq_addresses(const struct guide *guide, struct buf *out, const char *before)
{
	int err = 0;

	for (unsigned i = 0; i < guide->address_count && err == 0; i++)
		if ((err = buf_add_cstr(out, before)) == 0 && (err = guide_address(out, &guide->addresses[i])) == 0)
			err = buf_add_cstr(out, "\n");
	return err;
}

static int dnsmasq_service(const struct guide *guide, struct buf *out, const char *service, const char *domain, uint16_t port)
{
	if (port == 0)
		return buf_addf(out, "srv-host=%s._tcp.%s\n", service, domain); /* without a target: there is no such service */
	return buf_addf(out, "srv-host=%s._tcp.%s,%s,%u\n", service, domain, guide->trunk, (unsigned)port);
}

static int dnsmasq_wildcard(const struct guide *guide, struct buf *out, const char *domain)
{
	char before[DNS_HOST_SIZE + 16];
	int err = buf_addf(out, "# hides all else that is at and below %s\nlocal=/%s/\n", domain, domain);

	snprintf(before, sizeof(before), "address=/%s/", domain);
	if (err == 0)
		err = dnsmasq_addresses(guide, out, before);
	if (err == 0 && guide->port != GUIDE_PORT_DEFAULT)
		err = buf_addf(out, "# Below %s the trunk's port %u needs a srv-host line for each name, as above.\n", domain,
			       (unsigned)guide->port);
	return err;
}

static int dnsmasq_domain(const struct guide *guide, struct buf *out, const struct guide_domain *domain)
{
	int err;

	if (!domain->ascii[0])
		return everything_else(out, "#");
	if (domain->is_wildcard)
		return dnsmasq_wildcard(guide, out, domain->ascii);
	if ((err = dnsmasq_service(guide, out, "_xmpp-server", domain->ascii, guide->port)) == 0 &&
	    (err = dnsmasq_service(guide, out, "_xmpps-server", domain->ascii, guide->direct_port)) == 0)
		err = dnsmasq_service(guide, out, "_jabber", domain->ascii, 0);
	return err;
}

int guide_dnsmasq(const struct guide *guide, struct buf *out)
{
	const struct guide_domain own = own_domain(guide);
	char before[DNS_HOST_SIZE + 16];
	int err = head(guide, out, "#", "dnsmasq (such as /etc/dnsmasq.d/trunk.conf)");

	snprintf(before, sizeof(before), "host-record=%s,", guide->trunk);
	if (err == 0)
		err = dnsmasq_addresses(guide, out, before);
	if (err == 0)
		err = dnsmasq_domain(guide, out, &own);
	for (unsigned i = 0; i < guide->domain_count && err == 0; i++)
		err = dnsmasq_domain(guide, out, &guide->domains[i]);
	return err;
}

/* ---- bind: a response policy zone ---- */

static int bind_addresses(const struct guide *guide, struct buf *out, const char *before, const char *name)
{
	int err = 0;

	for (unsigned i = 0; i < guide->address_count && err == 0; i++)
		if ((err = buf_addf(out, "%s%s %s ", before, name, record_type(&guide->addresses[i]))) == 0 &&
		    (err = guide_address(out, &guide->addresses[i])) == 0)
			err = buf_add_cstr(out, "\n");
	return err;
}

static int bind_service(const struct guide *guide, struct buf *out, const char *service, const char *domain, uint16_t port)
{
	if (port == 0)
		return buf_addf(out, "%s._tcp.%s CNAME .\n", service, domain);          /* RPZ: there is no such name */
	return buf_addf(out, "%s._tcp.%s SRV 0 0 %u %s.\n", service, domain, (unsigned)port, guide->trunk);
}

static int bind_domain(const struct guide *guide, struct buf *out, const struct guide_domain *domain)
{
	int err;

	if (!domain->ascii[0])
		return everything_else(out, ";");
	if (domain->is_wildcard) {
		if ((err = buf_addf(out, "; hides all else that is below %s\n", domain->ascii)) == 0)
			err = bind_addresses(guide, out, "*.", domain->ascii);
		if (err == 0 && guide->port != GUIDE_PORT_DEFAULT)
			err = buf_addf(out, "*.%s SRV 0 0 %u %s.\n", domain->ascii, (unsigned)guide->port, guide->trunk);
		return err;
	}
	if ((err = bind_service(guide, out, "_xmpp-server", domain->ascii, guide->port)) == 0 &&
	    (err = bind_service(guide, out, "_xmpps-server", domain->ascii, guide->direct_port)) == 0)
		err = bind_service(guide, out, "_jabber", domain->ascii, 0);
	return err;
}

int guide_bind(const struct guide *guide, struct buf *out)
{
	const struct guide_domain own = own_domain(guide);
	int err = head(guide, out, ";", "BIND, a response policy zone (such as /etc/bind/trunk.rpz)");

	if (err == 0)
		err = buf_add_cstr(
			out, "; In named.conf:\n"
			     ";   options { response-policy { zone \"trunk.rpz\"; } break-dnssec yes; };\n"
			     ";   zone \"trunk.rpz\" { type primary; file \"/etc/bind/trunk.rpz\"; allow-query { none; }; };\n"
			     "$TTL 300\n"
			     "@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 300\n"
			     "@ NS localhost.\n");
	if (err == 0)
		err = bind_addresses(guide, out, "", guide->trunk);
	if (err == 0)
		err = bind_domain(guide, out, &own);
	for (unsigned i = 0; i < guide->domain_count && err == 0; i++)
		err = bind_domain(guide, out, &guide->domains[i]);
	return err;
}

/* ---- hosts ---- */

static int hosts_line(const struct guide *guide, struct buf *out, const char *name)
{
	int err = 0;

	for (unsigned i = 0; i < guide->address_count && err == 0; i++)
		if ((err = guide_address(out, &guide->addresses[i])) == 0)
			err = buf_addf(out, "\t%s\n", name);
	return err;
}

int guide_hosts(const struct guide *guide, struct buf *out)
{
	int err = head(guide, out, "#", "Lines of /etc/hosts");

	if (err == 0)
		err = buf_add_cstr(out, "# They help only where DNS has no SRV records for these domains; else use a name "
					"server (--for unbound).\n");
	if (err == 0 && guide->port != GUIDE_PORT_DEFAULT)
		err = buf_addf(out, "# They can't tell the trunk's port, %u: the server has to be told otherwise.\n",
			       (unsigned)guide->port);
	if (err == 0)
		err = hosts_line(guide, out, guide->trunk);
	for (unsigned i = 0; i < guide->domain_count && err == 0; i++) {
		const struct guide_domain *domain = &guide->domains[i];

		if (domain->is_wildcard)
			err = buf_addf(out, "# *%s%s: name each one that is used, as below\n", domain->ascii[0] ? "." : "",
				       domain->ascii);
		else
			err = hosts_line(guide, out, domain->ascii);
	}
	return err;
}

/* SPDX-License-Identifier: Apache-2.0
 * The command `guide`: gathers from the configuration what a spoke has to know. */
#include "control/guide.h"

#include "control/foreign.h"
#include "control/trunkctl.h"
#include "route/route.h"

#include <stdlib.h>

static const struct guide_kind {
	const char *name;
	guide_fn *fn;
} KINDS[] = {{"prosody", guide_prosody}, {"ejabberd", guide_ejabberd}, {"openfire", guide_openfire}, {"unbound", guide_unbound},
	     {"dnsmasq", guide_dnsmasq}, {"bind", guide_bind}, {"hosts", guide_hosts}};

static const struct guide_kind *kind_find(const char *name)
{
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (strcmp(KINDS[i].name, name) == 0)
			return &KINDS[i];
	return NULL;
}

int guide_address(struct buf *out, const struct endpoint *address)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct str bare;

	endpoint_text(address, text);
	bare = str_of(text);
	while (bare.len > 0 && bare.at[bare.len - 1] != ':')
		bare.len--;
	bare.len -= bare.len > 0;
	if (bare.len > 1 && bare.at[0] == '[')
		bare = str_make(bare.at + 1, bare.len - 2);
	return buf_add(out, bare);
}

static bool is_any_address(const struct endpoint *at)
{
	if (at->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&at->in6.sin6_addr);
	return at->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* One SRV record speaks of one port: addresses that listen on another one are left out. */
static void guide_listen(struct guide *guide, const struct config *config)
{
	for (unsigned i = 0; i < config->listen_count; i++) {
		const struct endpoint *at = &config->listen[i];

		if (guide->port == 0)
			guide->port = endpoint_port(at);
		if (!is_any_address(at) && endpoint_port(at) == guide->port && guide->address_count < GUIDE_ADDRESSES_MAX)
			guide->addresses[guide->address_count++] = *at;
	}
	if (config->listen_tls_count > 0)
		guide->direct_port = endpoint_port(&config->listen_tls[0]);
	if (guide->port == 0)
		guide->port = GUIDE_PORT_DEFAULT;
}

/* Addresses of --address take the place of those of `listen`: behind a translation of addresses both differ. */
static int guide_option_addresses(struct guide *guide, const char *list)
{
	struct str rest = str_of(list);

	guide->address_count = 0;
	while (!str_is_absent(rest)) {
		const struct str one = str_cut(&rest, ',');

		if (guide->address_count == GUIDE_ADDRESSES_MAX ||
		    endpoint_parse(one, guide->port, &guide->addresses[guide->address_count]) < 0)
			return TRUNK_EINVAL;
		guide->address_count++;
	}
	guide->port = endpoint_port(&guide->addresses[0]);
	return 0;
}

/* "ADDRESS" or "ADDRESS@PORT", as `dns.servers` has it. */
static int guide_resolver(struct guide *guide, const char *text)
{
	struct str rest = str_of(text);
	const struct str host = str_cut(&rest, '@');
	uint64_t port = 53;

	if (!str_is_absent(rest) && (str_number(rest, UINT16_MAX, &port) < 0 || port == 0))
		return TRUNK_EINVAL;
	if (endpoint_parse(host, (uint16_t)port, &guide->resolver) < 0 || endpoint_port(&guide->resolver) != port)
		return TRUNK_EINVAL;
	return 0;
}

static int ascii_of(struct str domain, char ret_ascii[static DNS_HOST_SIZE])
{
	return domain_to_ascii(domain, ret_ascii, DNS_HOST_SIZE);
}

static void domains_add(struct guide_domain *domains, unsigned *count, const char *const *patterns)
{
	for (; patterns && *patterns; patterns++) {
		struct str pattern = str_of(*patterns);
		struct guide_domain *domain = &domains[*count];

		domain->is_wildcard = pattern.len > 0 && pattern.at[0] == '*';
		if (domain->is_wildcard)
			pattern = str_from(pattern, pattern.len > 1 ? 2 : 1);
		if (pattern.len == 0)
			domain->ascii[0] = '\0';
		else if (ascii_of(pattern, domain->ascii) < 0)
			continue;
		++*count;
	}
}

static unsigned patterns_count(const char *const *patterns)
{
	unsigned count = 0;

	for (; patterns && *patterns; patterns++)
		count++;
	return count;
}

/* All domains that others serve. The caller frees them. */
static struct guide_domain *domains_gather(const struct config *config, const struct spoke *own, unsigned *ret_count)
{
	struct guide_domain *domains;
	unsigned most = 1;

	for (unsigned i = 0; i < config->spoke_count; i++)
		most += patterns_count(config->spokes[i].domains);
	for (unsigned i = 0; i < config->zone_count; i++)
		most += patterns_count(config->zones[i].domains);
	*ret_count = 0;
	if (!(domains = calloc(most, sizeof(*domains))))
		return NULL;
	for (unsigned i = 0; i < config->spoke_count; i++)
		if (&config->spokes[i] != own)
			domains_add(domains, ret_count, config->spokes[i].domains);
	for (unsigned i = 0; i < config->zone_count; i++)
		domains_add(domains, ret_count, config->zones[i].domains);
	return domains;
}

/* The spoke that serves the domain; borrowed from the configuration. NULL: none. */
static const struct spoke *spoke_of(const struct config *config, struct str domain)
{
	struct route *route = route_new(config->spokes, config->spoke_count, config->zones, config->zone_count);
	const struct spoke *spoke = route ? route_find(route, domain) : NULL;

	route_free(&route);
	if (!spoke || spoke < config->spokes || spoke >= config->spokes + config->spoke_count)
		return NULL;
	return spoke;
}

static enum ctl_exit guide_options(struct ctl *ctl, struct guide *guide)
{
	const char *address = ctl_value(ctl, "--address"), *resolver = ctl_value(ctl, "--resolver");

	if (address && guide_option_addresses(guide, address) < 0)
		return ctl_usage(ctl, "--address %s: addresses such as 198.51.100.4 or [2001:db8::4], with commas between them",
				 address);
	if (guide->address_count == 0)
		return ctl_usage(
			ctl,
			"`listen` of %s takes all addresses of the machine; say by --address which one the spoke shall use",
			ctl->config);
	if (guide_resolver(guide, resolver ? resolver : "127.0.0.1") < 0)
		return ctl_usage(ctl, "--resolver %s: an address, and maybe @PORT behind it", resolver);
	guide->authority = ctl_value(ctl, "--authority");
	return CTL_YES;
}

static enum ctl_exit guide_fill(struct ctl *ctl, const struct config *config, struct guide *guide,
				const struct spoke **ret_spoke)
{
	struct domain domain;

	if (domain_normalise(str_of(ctl->args[0]), &domain) < 0)
		return ctl_usage(ctl, "%s is no domain", ctl->args[0]);
	if (!(*ret_spoke = spoke_of(config, domain_str(&domain))))
		return ctl_no(ctl, "no spoke of %s serves %s", ctl->config, ctl->args[0]);
	if (ascii_of(domain_str(&domain), guide->domain) < 0 || ascii_of(str_of(config->trunk), guide->trunk) < 0)
		return ctl_no(ctl, "%s has no form that DNS could carry", ctl->args[0]);
	guide->has_authority = config->tls.issuer_file;
	guide_listen(guide, config);
	return guide_options(ctl, guide);
}

static enum ctl_exit guide_print(struct ctl *ctl, const struct guide *guide, const struct guide_kind *kind)
{
	struct buf out = {0};
	const int err = kind->fn(guide, &out);
	json_t *json;

	if (err == 0 && ctl->is_json) {
		json = json_pack("{s:s, s:s, s:o}", "domain", guide->domain, "for", kind->name, "text",
				 foreign_json(buf_str(&out)));
		print_json(ctl->out, json, false);
		json_decref(json);
	} else if (err == 0) {
		ctl_write(ctl->out, buf_str(&out));
	}
	buf_fini(&out);
	return err == 0 ? CTL_YES : ctl_no(ctl, "%s", error_text(err));
}

enum ctl_exit ctl_guide(struct ctl *ctl)
{
	const char *name = ctl_value(ctl, "--for");
	const struct guide_kind *kind = name ? kind_find(name) : NULL;
	struct guide_domain *domains = NULL;
	struct guide guide = {0};
	const struct spoke *spoke = NULL;
	struct config *config;
	enum ctl_exit exit;

	if (!kind)
		return ctl_usage(ctl, "guide DOMAIN --for prosody, ejabberd, openfire, unbound, dnsmasq, bind or hosts");
	if (!(config = ctl_config(ctl)))
		return CTL_NO;
	if ((exit = guide_fill(ctl, config, &guide, &spoke)) == CTL_YES) {
		if ((guide.domains = domains = domains_gather(config, spoke, &guide.domain_count)))
			exit = guide_print(ctl, &guide, kind);
		else
			exit = ctl_no(ctl, "%s", error_text(TRUNK_ENOMEM));
	}
	free(domains);
	config_free(&config);
	return exit;
}

/* SPDX-License-Identifier: Apache-2.0
 * What a spoke's administrator is told to set. */
#include "program.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static struct folder folder;
static char config[128];
static struct program program;

/* The Trunking guide's own example, with a wildcard and an address of each family. */
static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\nlisten: [\"198.51.100.4:5269\", \"[2001:db8::4]:5269\"]\n"
		     "spokes:\n  saturn: {domains: saturn.example.org}\n  mercury: {domains: [mercury.example.net, "
		     "\"*.mercury.example.net\"]}\n"
		     "  venus: {domains: \"b\xc3\xbc"
		     "cher.example\"}\n",
		     config, sizeof(config));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	program_fini(&program);
	folder_remove(&folder);
	return 0;
}

static void guide(const char *kind)
{
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", kind);
	assert_int_equal(program.exit, CTL_YES);
}

static void assert_has(const char *part)
{
	if (!strstr(program.out, part))
		print_error("printed: %s\n", program.out);
	assert_non_null(strstr(program.out, part));
}

/* Openfire, DNSUtil.decode: {domain,host:port} each with its port */
static void openfire_gets_the_value_of_its_property(void **state)
{
	(void)state;
	guide("openfire");
	assert_has("\n{mercury.example.net,198.51.100.4:5269},{*.mercury.example.net,198.51.100.4:5269},{xn--bcher-kva.example,"
		   "198.51.100.4:5269}\n");
	assert_null(strstr(program.out, "{saturn"));    /* its own domain is served by itself */
}

/* Openfire splits at each colon, so an IPv6 address can't be given */
static void openfire_never_gets_an_ipv6_address(void **state)
{
	(void)state;
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "openfire", "--address", "2001:db8::4");
	assert_int_equal(program.exit, CTL_USAGE);      /* without brackets it is none */
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "openfire", "--address", "[2001:db8::4]:5269");
	assert_int_equal(program.exit, CTL_YES);
	assert_has("{mercury.example.net,trunk.example.com:5269}");
}

static void a_name_server_denies_what_would_lead_past_the_trunk(void **state)
{
	(void)state;
	guide("unbound");
	assert_has("local-data: \"_xmpp-server._tcp.mercury.example.net. 300 IN SRV 0 0 5269 trunk.example.com.\"");
	assert_has("local-zone: \"_xmpps-server._tcp.mercury.example.net.\" static");
	assert_has("local-data: \"trunk.example.com. 300 IN A 198.51.100.4\"");
	assert_has("local-data: \"trunk.example.com. 300 IN AAAA 2001:db8::4\"");
	assert_has("local-zone: \"mercury.example.net.\" redirect");
	assert_null(strstr(program.out, "xn--bcher-kva.example.\" redirect"));
	guide("dnsmasq");
	assert_has("srv-host=_xmpp-server._tcp.mercury.example.net,trunk.example.com,5269\n");
	assert_has("srv-host=_xmpps-server._tcp.mercury.example.net\n");
	assert_has("address=/mercury.example.net/198.51.100.4\n");
	guide("bind");
	assert_has("_xmpp-server._tcp.mercury.example.net SRV 0 0 5269 trunk.example.com.\n");
	assert_has("_xmpps-server._tcp.mercury.example.net CNAME .\n");
	assert_has("*.mercury.example.net A 198.51.100.4\n");
}

static void hosts_name_what_they_cannot_say(void **state)
{
	(void)state;
	guide("hosts");
	assert_has("198.51.100.4\tmercury.example.net\n2001:db8::4\tmercury.example.net\n");
	assert_has("# *.mercury.example.net: name each");
}

static void servers_get_their_resolver(void **state)
{
	(void)state;
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "prosody", "--resolver", "127.0.0.9@5353");
	assert_has("forward = { \"127.0.0.9@5353\" }");
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "ejabberd", "--resolver", "[2001:db8::53]");
	assert_has("{nameserver, {16#2001,16#db8,16#0,16#0,16#0,16#0,16#0,16#53}, 53}.");
	guide("ejabberd");
	assert_has("{nameserver, {127,0,0,1}, 53}.");
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "prosody", "--resolver", "127.0.0.9@0");
	assert_int_equal(program.exit, CTL_USAGE);
}

static void the_trunks_authority_is_named_where_it_has_one(void **state)
{
	(void)state;
	guide("prosody");
	assert_null(strstr(program.out, "cafile"));
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\nlisten: \"198.51.100.4:5269\"\ntls: {issuer: issuer.pem}\n"
		     "gateway-domains: saturn.example.org,mercury.example.net\n",
		     config, sizeof(config));
	guide("prosody");
	assert_has("s2s_ssl = { cafile = \"/etc/prosody/certs/trunk-ca.pem\" }");
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "prosody", "--authority", "/srv/ca.pem");
	assert_has("cafile = \"/srv/ca.pem\"");
	guide("openfire");
	assert_has("keytool -importcert");
}

static void another_port_goes_into_the_records(void **state)
{
	(void)state;
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\nlisten: \"198.51.100.4:6269\"\nlisten-tls: \"198.51.100.4:6270\"\n"
		     "spokes:\n  saturn: {domains: saturn.example.org}\n  mercury: {domains: [\"*.mercury.example.net\", "
		     "venus.example]}\n",
		     config, sizeof(config));
	guide("unbound");
	assert_has("\"mercury.example.net. 300 IN SRV 0 0 6269 trunk.example.com.\"");
	assert_has("_xmpps-server._tcp.venus.example. 300 IN SRV 0 0 6270 trunk.example.com.");
	guide("bind");
	assert_has("*.mercury.example.net SRV 0 0 6269 trunk.example.com.\n");
	guide("openfire");
	assert_has("{venus.example,198.51.100.4:6269}");
	guide("hosts");
	assert_has("# They can't tell the trunk's port, 6269");
}

static void an_address_that_nobody_told_is_asked_for(void **state)
{
	(void)state;
	folder_write(&folder, "trunkd.yaml",
		     "trunk: trunk.example.com\ngateway-domains: saturn.example.org,mercury.example.net\n", config,
		     sizeof(config));
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "hosts");
	assert_int_equal(program.exit, CTL_USAGE);
	assert_non_null(strstr(program.err, "--address"));
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "hosts", "--address", "192.0.2.7");
	assert_has("192.0.2.7\tmercury.example.net\n");
}

static void who_is_not_served_gets_no_guide(void **state)
{
	(void)state;
	RUN(&program, "-c", config, "guide", "elsewhere.example", "--for", "hosts");
	assert_int_equal(program.exit, CTL_NO);
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org", "--for", "djbdns");
	assert_int_equal(program.exit, CTL_USAGE);
	program_fini(&program);
	RUN(&program, "-c", config, "guide", "saturn.example.org");
	assert_int_equal(program.exit, CTL_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(openfire_gets_the_value_of_its_property),
		TEST(openfire_never_gets_an_ipv6_address),
		TEST(a_name_server_denies_what_would_lead_past_the_trunk),
		TEST(hosts_name_what_they_cannot_say),
		TEST(servers_get_their_resolver),
		TEST(the_trunks_authority_is_named_where_it_has_one),
		TEST(another_port_goes_into_the_records),
		TEST(an_address_that_nobody_told_is_asked_for),
		TEST(who_is_not_served_gets_no_guide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

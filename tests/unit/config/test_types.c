/* SPDX-License-Identifier: Apache-2.0
 * Each type of value: what is taken, and what is refused with which words. */
#include "loads.h"

static void numbers_have_bounds(void **state)
{
	struct config *config = takes(TRUNK TWO "workers: 1\nlimits: {depth: 8}\n");

	(void)state;
	assert_int_equal(config->workers, 1);
	assert_int_equal(config->limits.depth, 8);
	config_free(&config);
	refuses(TRUNK TWO "workers: 65\n", "trunkd.yaml:3:10: \"workers\" must be between 1 and 64, or 0, not 65\n");
	refuses(TRUNK TWO "workers: two\n", "trunkd.yaml:3:10: \"workers\" must be a whole number, not \"two\"\n");
	refuses(TRUNK TWO "limits: {depth: 0}\n", "trunkd.yaml:3:17: \"limits.depth\" must be between 8 and 256, not 0\n");
	refuses(TRUNK TWO "workers: 99999999999\n",
		"trunkd.yaml:3:10: \"workers\" must be a whole number, not \"99999999999\"\n");
}

static void times_and_sizes_have_bounds(void **state)
{
	struct config *config = takes(TRUNK TWO "limits: {stanza-size: 10000, idle-timeout: 0, handshake-timeout: 1s}\n");

	(void)state;
	assert_int_equal(config->limits.stanza_bytes, 10000); /* RFC 6120 §13.12 */
	assert_int_equal(config->limits.idle_timeout_ms, 0);
	assert_int_equal(config->limits.handshake_timeout_ms, 1000);
	config_free(&config);
	refuses(TRUNK TWO "limits: {stanza-size: 9999}\n",
		"trunkd.yaml:3:23: \"limits.stanza-size\" must be between 10000 and 64MiB, not 9999\n");
	refuses(TRUNK TWO "limits: {stanza-size: 1 MB}\n",
		"trunkd.yaml:3:23: \"limits.stanza-size\" must be a size such as 256KiB, 64MiB or 1GiB, not \"1 MB\"\n");
	refuses(TRUNK TWO "limits: {handshake-timeout: 0}\n",
		"trunkd.yaml:3:29: \"limits.handshake-timeout\" must be between 1s and 10m, not 0\n");
	refuses(TRUNK TWO "limits: {handshake-timeout: 30}\n",
		"trunkd.yaml:3:29: \"limits.handshake-timeout\" must be a time such as 5ms, 30s, 30m, 1h or 90d, not \"30\"\n");
}

static void rates_are_refused_without_a_unit(void **state)
{
	(void)state;
	refuses(TRUNK TWO "limits: {connection-rate: 100}\n",
		"trunkd.yaml:3:27: \"limits.connection-rate\" must be a rate such as 10/s, 10/m or 10/h, or 0 for no limit, "
		"not \"100\"\n");
	refuses(TRUNK TWO "limits: {bytes-rate: 1MB/s}\n",
		"trunkd.yaml:3:22: \"limits.bytes-rate\" must be a rate such as 256KiB/s or 1GiB/h, or 0 for no limit, not "
		"\"1MB/s\"\n");
}

static void words_are_refused_with_the_nearest(void **state)
{
	(void)state;
	refuses(TRUNK TWO "tls: {policy: requird}\n",
		"trunkd.yaml:3:15: \"tls.policy\" must be disabled, optional or required, not \"requird\"; did you mean "
		"\"required\"?\n");
	refuses(TRUNK TWO "tls: {policy: yes}\n",
		"trunkd.yaml:3:15: \"tls.policy\" must be disabled, optional or required, not \"yes\"\n");
	refuses(TRUNK TWO "tls: {issue-any: yes}\n",
		"trunkd.yaml:3:18: \"tls.issue-any\" must be true or false, not \"yes\"\n");
}

static void lists_and_values_are_told_apart(void **state)
{
	struct config *config = takes(TRUNK TWO "listen: 127.0.0.1:5269\n");

	(void)state;
	assert_int_equal(config->listen_count, 1);
	config_free(&config);
	refuses("trunk: [a, b]\n" TWO, "trunkd.yaml:1:8: \"trunk\" must be a domain such as trunk.example.com, not a list\n");
	refuses(TRUNK TWO "state: {a: b}\n", "trunkd.yaml:3:8: \"state\" must be a path, not a map\n");
	refuses(TRUNK TWO "listen: {a: b}\n", "trunkd.yaml:3:9: \"listen\" must be a list, not a map\n");
	refuses(TRUNK TWO "listen: [[\"127.0.0.1:5269\"]]\n",
		"trunkd.yaml:3:10: \"listen\" must be an address and port such as 198.51.100.4:5269 or [2001:db8::4]:5269, "
		"not a list\n");
	refuses(TRUNK TWO "tls: required\n", "trunkd.yaml:3:6: \"tls\" must be a map of options, not a single value\n");
	refuses(TRUNK TWO "rules: {a: b}\n", "trunkd.yaml:3:8: \"rules\" must be a list of maps, not a map\n");
	refuses(TRUNK TWO "spokes: [a]\n", "trunkd.yaml:3:9: \"spokes\" must be a map of names, not a list\n");
	refuses(TRUNK TWO "listen: [\"127.0.0.1:5269\", ]\ntls: {trust: []}\n",
		"trunkd.yaml:4:14: \"tls.trust\" is an empty list; name at least one or remove it\n");
	refuses(TRUNK TWO "listen:\n  -\n", "trunkd.yaml:4:4: \"listen\" has no value; give it one or remove it\n");
}

static void domains_are_normalised(void **state)
{
	struct config *config = takes("trunk: Trunk.Example.COM.\ngateway-domains: XN--MNCHEN-3YA.example\n");

	(void)state;
	assert_string_equal(config->trunk, "trunk.example.com");
	assert_string_equal(config->spokes[0].domains[0], "m\xc3\xbcnchen.example");
	config_free(&config);
	refuses("trunk: \"*.example.com\"\n" TWO,
		"trunkd.yaml:1:8: \"trunk\" must be a domain such as trunk.example.com, not \"*.example.com\"\n");
	refuses("trunk: ann@example.com\n" TWO,
		"trunkd.yaml:1:8: \"trunk\" must be a domain such as trunk.example.com, not \"ann@example.com\"\n");
	refuses("trunk: \"\"\n" TWO, "trunkd.yaml:1:8: \"trunk\" must be a domain such as trunk.example.com, not \"\"\n");
	refuses("trunk: a..b\n" TWO, "trunkd.yaml:1:8: \"trunk\" must be a domain such as trunk.example.com, not \"a..b\"\n");
}

static void addresses_of_listeners_are_literals(void **state)
{
	struct config *config = takes(TRUNK TWO "listen: [127.0.0.1, \"[::1]\"]\nlisten-tls: 127.0.0.1\n");

	(void)state;
	endpoint_is(&config->listen[0], "127.0.0.1:5269");
	endpoint_is(&config->listen[1], "[::1]:5269");
	endpoint_is(&config->listen_tls[0], "127.0.0.1:5270");
	config_free(&config);
	refuses(TRUNK TWO "listen: localhost:5269\n",
		"trunkd.yaml:3:9: \"listen\" must be an address and port such as 198.51.100.4:5269 or "
		"[2001:db8::4]:5269, not \"localhost:5269\"\n");
	refuses(TRUNK TWO "listen: 127.0.0.1:65536\n",
		"trunkd.yaml:3:9: \"listen\" must be an address and port such as 198.51.100.4:5269 "
		"or [2001:db8::4]:5269, not \"127.0.0.1:65536\"\n");
}

static void source_addresses_have_no_port(void **state)
{
	struct config *config = takes(TRUNK TWO "source: [192.0.2.1, \"2001:db8::1\", \"[2001:db8::2]\"]\n");

	(void)state;
	assert_int_equal(config->source_count, 3);
	endpoint_is(&config->sources[0], "192.0.2.1:0");
	endpoint_is(&config->sources[1], "[2001:db8::1]:0");
	endpoint_is(&config->sources[2], "[2001:db8::2]:0");
	config_free(&config);
	refuses(TRUNK TWO "source: 192.0.2.1:5269\n",
		"trunkd.yaml:3:9: \"source\" must be an address without port such as 198.51.100.4 or "
		"2001:db8::4, not \"192.0.2.1:5269\"\n");
}

static void resolvers_are_address_and_port(void **state)
{
	struct config *config = takes(TRUNK TWO "dns: {servers: [\"127.0.0.53@5353\", \"::1\"], timeout: 2s}\n");

	(void)state;
	assert_string_equal(config->dns.servers[0], "127.0.0.53@5353");
	assert_string_equal(config->dns.servers[1], "::1");
	assert_null(config->dns.servers[2]);
	assert_int_equal(config->dns.timeout_ms, 2000);
	config_free(&config);
	refuses(TRUNK TWO "dns: {servers: dns.example}\n",
		"trunkd.yaml:3:16: \"dns.servers\" must be ADDRESS or ADDRESS@PORT such as 127.0.0.53@5353, not "
		"\"dns.example\"\n");
	refuses(TRUNK TWO "dns: {servers: 127.0.0.53@0}\n",
		"trunkd.yaml:3:16: \"dns.servers\" must be ADDRESS or ADDRESS@PORT such as 127.0.0.53@5353, not "
		"\"127.0.0.53@0\"\n");
}

static void paths_are_seen_from_the_file(void **state)
{
	static const char yaml[] = TRUNK TWO "state: var\ntls: {trust: [system, ca.pem], crl: /abs.crl}\n";
	struct config *config = NULL;

	(void)state;
	assert_int_equal(config_load_text(str_of(yaml), "/etc/trunkd/trunkd.yaml", NULL, NULL, &config), 0);
	assert_string_equal(config->state, "/etc/trunkd/var");
	assert_string_equal(config->tls.state_folder, "/etc/trunkd/var");
	assert_string_equal(config->tls.trust[0], "system");
	assert_string_equal(config->tls.trust[1], "/etc/trunkd/ca.pem");
	assert_null(config->tls.trust[2]);
	assert_string_equal(config->tls.crl_files[0], "/abs.crl");
	config_free(&config);
	refuses(TRUNK TWO "state: \"a\\nb\"\n", "trunkd.yaml:3:8: \"state\" must be a path, not \"a\\x0ab\"\n");
	refuses(TRUNK TWO "state: \"\"\n", "trunkd.yaml:3:8: \"state\" must be a path, not \"\"\n");
}

static void auth_is_a_list_of_one_or_two_words(void **state)
{
	struct config *config = takes(TRUNK TWO "auth: dialback\n");

	(void)state;
	assert_false(config->trust.external);
	assert_true(config->trust.dialback);
	config_free(&config);
	refuses(TRUNK TWO "auth: []\n", "trunkd.yaml:3:7: \"auth\" is an empty list; name at least one or remove it\n");
	refuses(TRUNK TWO "auth: [dialback, dialback]\n",
		"trunkd.yaml:3:7: \"auth\" names dialback twice; remove one of the two\n");
	refuses(TRUNK TWO "auth: [dialbak]\n",
		"trunkd.yaml:3:8: \"auth\" must be external or dialback, not \"dialbak\"; did you mean \"dialback\"?\n");
}

/* Openfire's dnsutil.dnsOverride. */
static void overrides_are_told_with_the_column_inside_of_them(void **state)
{
	struct config *config = takes(TRUNK TWO "dns-override: "
						"\"{mercury.example.net,203.0.113.9:5269},{*.lab.example,192.0.2.7:5269}\"\n");
	struct str host;
	uint16_t port;

	(void)state;
	assert_true(dns_overrides_find(config->overrides, STR("mercury.example.net"), &host, &port));
	assert_true(str_is(host, "203.0.113.9"));
	assert_string_equal(config->overrides_text, "{mercury.example.net,203.0.113.9:5269},{*.lab.example,192.0.2.7:5269}");
	config_free(&config);
	refuses(TRUNK TWO "dns-override: \"{mercury.example.net,}\"\n",
		"trunkd.yaml:3:37: \"dns-override\": an address or a host is missing here\n");
	refuses(TRUNK TWO "dns-override: [a]\n",
		"trunkd.yaml:3:15: \"dns-override\" must be overrides such as {mercury.example.net,203.0.113.9:5269}, not a "
		"list\n");
}

/* XEP-0157 §3. */
static void contacts_are_uris_by_kind(void **state)
{
	struct config *config = takes(TRUNK TWO "contacts: {abuse: mailto:abuse@example.com, admin: [xmpp:a@example.com, "
						"https://example.com/]}\n");

	(void)state;
	assert_int_equal(config->contact_count, 3);
	assert_string_equal(config->contacts[0].kind, "abuse");
	assert_string_equal(config->contacts[0].uri, "mailto:abuse@example.com");
	assert_string_equal(config->contacts[2].kind, "admin");
	assert_string_equal(config->contacts[2].uri, "https://example.com/");
	config_free(&config);
	refuses(TRUNK TWO "contacts: {abus: mailto:a@b}\n",
		"trunkd.yaml:3:12: \"contacts\" must be abuse, admin, feedback, sales, security, "
		"status or support, not \"abus\"; did you mean \"abuse\"?\n");
	refuses(TRUNK TWO "contacts: {abuse: abuse@example.com}\n",
		"trunkd.yaml:3:19: \"contacts.abuse\" must be a URI that begins with "
		"mailto:, xmpp:, https:, http: or tel:, not "
		"\"abuse@example.com\"\n");
	refuses(TRUNK TWO "contacts: abuse\n",
		"trunkd.yaml:3:11: \"contacts\" must be a map such as {abuse: mailto:abuse@example.com}, not \"abuse\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(times_and_sizes_have_bounds),
		cmocka_unit_test(rates_are_refused_without_a_unit),
		cmocka_unit_test(words_are_refused_with_the_nearest),
		cmocka_unit_test(lists_and_values_are_told_apart),
		cmocka_unit_test(domains_are_normalised),
		cmocka_unit_test(addresses_of_listeners_are_literals),
		cmocka_unit_test(source_addresses_have_no_port),
		cmocka_unit_test(resolvers_are_address_and_port),
		cmocka_unit_test(paths_are_seen_from_the_file),
		cmocka_unit_test(auth_is_a_list_of_one_or_two_words),
		cmocka_unit_test(overrides_are_told_with_the_column_inside_of_them),
		cmocka_unit_test(contacts_are_uris_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

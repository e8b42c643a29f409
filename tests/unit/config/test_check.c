/* SPDX-License-Identifier: Apache-2.0
 * What is allowed alone and makes no sense together. */
#include "loads.h"

static void an_address_is_listened_on_once(void **state)
{
	(void)state;
	refuses(TRUNK TWO "listen: [\"127.0.0.1:5269\", 127.0.0.1]\n",
		"trunkd.yaml:3:1: \"listen\" names 127.0.0.1:5269 a second time; remove one of the two\n");
	refuses(TRUNK TWO "listen: 127.0.0.1:5269\nlisten-tls: 127.0.0.1:5269\n",
		"trunkd.yaml:4:1: \"listen-tls\" names 127.0.0.1:5269 a second time; remove one of the two\n");
	refuses(TRUNK TWO "listen-tls: [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n",
		"trunkd.yaml:3:1: \"listen-tls\" names 127.0.0.1:1 a second time; remove one of the two\n");
}

static void a_trunk_has_to_be_reached(void **state)
{
	struct config *config = takes(TRUNK TWO "listen: []\nlisten-tls: 127.0.0.1:5270\n");

	(void)state;
	assert_int_equal(config->listen_count, 0);
	config_free(&config);
	refuses(TRUNK TWO "listen: []\n",
		"trunkd.yaml:3:1: neither \"listen\" nor \"listen-tls\" names an address; a trunk has to be reached\n");
}

static void a_way_back_to_ourselves_is_a_warning(void **state)
{
	(void)state;
	warns(TRUNK TWO "listen: 198.51.100.4:5269\ndns-override: \"{mercury.example.net,198.51.100.4}\"\n",
	      "warning: trunkd.yaml:4:1: \"dns-override\" sends \"mercury.example.net\" to our own listener; name the server "
	      "that really serves "
	      "it\n");
	warns(TRUNK "spokes: {a: {domains: \"*.lab.example\"}}\nlisten-tls: \"[::1]:5270\"\ndns-override: "
		    "\"{*.lab.example,[::1]:5270}\"\n",
	      "warning: trunkd.yaml:4:1: \"dns-override\" sends \"*.lab.example\" to our own listener; name the server that "
	      "really serves it\n");
	warns(TRUNK TWO "listen: 198.51.100.4:5269\ndns-override: \"{mercury.example.net,198.51.100.4:5270}\"\n", "");
	warns(TRUNK "listen: 198.51.100.4:5269\nspokes: {a: {domains: a.example, address: 198.51.100.4}}\n",
	      "warning: trunkd.yaml:3:10: spoke \"a\" has our own listener as its address; name the server that serves it\n");
}

static void weak_trust_is_a_warning_and_none_at_all_an_error(void **state)
{
	(void)state;
	warns(TRUNK TWO "tls: {policy: disabled}\n",
	      "warning: trunkd.yaml:3:1: all peers: \"tls.policy: disabled\" lets everybody on the way read and change "
	      "stanzas\n");
	warns(TRUNK TWO "tls: {min-version: \"1.1\"}\n",
	      "warning: trunkd.yaml:3:1: all peers: \"tls.min-version\" allows versions of TLS that are broken\n");
	warns(TRUNK "spokes: {a: {domains: a.example, tls: {policy: disabled}}}\n",
	      "warning: trunkd.yaml:2:10: spoke \"a\": \"tls.policy: disabled\" lets everybody on the way read and change "
	      "stanzas\n");
	refuses(TRUNK TWO "tls: {policy: disabled}\nauth: external\n",
		"trunkd.yaml:3:1: all peers: without TLS nothing can be proved by \"external\" alone; add dialback to "
		"\"auth\" or change "
		"\"tls.policy\"\n");
	refuses(TRUNK "auth: external\nspokes: {a: {domains: a.example, tls: {policy: disabled}}}\n",
		"trunkd.yaml:3:10: spoke \"a\": without TLS nothing can be proved by \"external\" alone; add dialback to "
		"\"auth\" or change "
		"\"tls.policy\"\n");
}

static void what_belongs_to_an_issuer_needs_one(void **state)
{
	struct config *config = takes(TRUNK TWO "tls: {issue-any: true, issuer: ca.pem}\n");

	(void)state;
	assert_true(config->tls.issue_any);
	assert_string_equal(config->tls.issuer_file, "ca.pem");
	config_free(&config);
	refuses(TRUNK TWO "tls: {issue-any: true}\n",
		"trunkd.yaml:3:7: \"tls.issue-any\" is for an issuer; set \"tls.issuer\" or remove it\n");
}

static void limits_fit_each_other(void **state)
{
	(void)state;
	refuses(TRUNK TWO "limits: {stanza-size: 2MiB, queue-size: 1MiB}\n",
		"trunkd.yaml:3:10: \"limits.stanza-size\" is larger than \"limits.queue-size\"; such a stanza could never be "
		"sent\n");
	warns(TRUNK TWO "limits: {memory: 32MiB}\n",
	      "warning: trunkd.yaml: \"limits.queue-size\" is larger than \"limits.memory\" and never reached\n");
}

static void a_trunk_without_spokes_is_a_warning(void **state)
{
	(void)state;
	warns(TRUNK, "warning: trunkd.yaml: no spoke is named, so nothing is trunked; add \"gateway-domains\" or \"spokes\"\n");
	warns(TRUNK "zones: {outside: {domains: \"*\"}}\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_listened_on_once),
		cmocka_unit_test(a_trunk_has_to_be_reached),
		cmocka_unit_test(a_way_back_to_ourselves_is_a_warning),
		cmocka_unit_test(weak_trust_is_a_warning_and_none_at_all_an_error),
		cmocka_unit_test(what_belongs_to_an_issuer_needs_one),
		cmocka_unit_test(limits_fit_each_other),
		cmocka_unit_test(a_trunk_without_spokes_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

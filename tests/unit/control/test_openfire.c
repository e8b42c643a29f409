/* SPDX-License-Identifier: Apache-2.0
 * Openfire's settings become a trunkd.yaml, and nothing is dropped in silence. */
#include "control/openfire.h"
#include "program.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static struct folder folder;
static struct program program;
static char script[128], xml[128];

/* HSQLDB's script: a row a line, quotes doubled, what is not ASCII as \uXXXX */
static const char SCRIPT[] =
	"SET DATABASE UNIQUE NAME HSQLDB\n"
	"CREATE MEMORY TABLE PUBLIC.OFPROPERTY(NAME VARCHAR(100) NOT NULL,PROPVALUE VARCHAR(4000) NOT NULL)\n"
	"INSERT INTO OFUSER VALUES('ann','it''s her''s')\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.domain','trunk.example.com',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.gateway.enabled','true',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.gateway.domains','saturn.example.org, "
	"mercury.example.net,b\\u00fccher.example',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('dnsutil.dnsOverride','{mercury.example.net,203.0.113.9:5269}',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.server.tls.policy','required',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.server.dialback.enabled','false',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.server.session.idle','600000',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('xmpp.server.compression.policy','optional',0,NULL)\n"
	"INSERT INTO OFPROPERTY VALUES('provider.auth.secret','don''t look',0,NULL)\n"
	"INSERT INTO OFREMOTESERVERCONF VALUES('evil.example',NULL,'blocked')\n"
	"INSERT INTO OFREMOTESERVERCONF VALUES('friend.example',5270,'allowed')\n";

static int setup(void **state)
{
	(void)state;
	folder_make(&folder);
	folder_write(&folder, "openfire.script", SCRIPT, script, sizeof(script));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	program_fini(&program);
	folder_remove(&folder);
	return 0;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("printed: %s\n", text);
	assert_non_null(strstr(text, part));
}

static void import_script(const char *text)
{
	program_fini(&program);
	folder_write(&folder, "openfire.script", text, script, sizeof(script));
	RUN(&program, "import", "openfire", script);
}

static void the_trunking_settings_are_carried_over(void **state)
{
	(void)state;
	RUN(&program, "import", "openfire", script);
	assert_int_equal(program.exit, CTL_YES);        /* the result was read as trunkd reads it */
	assert_has(program.out, "\ntrunk: trunk.example.com\n");
	assert_has(program.out, "\ngateway-domains: saturn.example.org,mercury.example.net,b\xc3\xbc" "cher.example\n");
	assert_has(program.out, "\ndns-override: \"{mercury.example.net,203.0.113.9:5269}\"\n");
	assert_has(program.out, "\ntls: {policy: required, verify: certificate}\nauth: [external]\n");
	assert_has(program.out, "from: [\"evil.example\", \"*.evil.example\"], action: reject}");
	assert_has(program.out, "\nlimits: {idle-timeout: 600s}\n");
}

static void what_is_not_carried_over_is_listed(void **state)
{
	(void)state;
	RUN(&program, "import", "openfire", script);
	assert_has(program.out, "not carried over: xmpp.server.compression.policy");
	assert_has(program.err, "not carried over: xmpp.server.compression.policy");
	assert_has(program.err, "\"friend.example\" at port 5270");
	assert_has(program.out, "#   provider.auth.secret\n");
	assert_null(strstr(program.out, "look"));       /* values of what is not understood may be secrets */
}

static void the_xml_file_counts_too_and_the_database_wins(void **state)
{
	(void)state;
	folder_write(&folder, "openfire.xml",
		     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- <jive> -->\n<jive>\n  "
		     "<network><interface>192.0.2.1</interface></network>\n"
		     "  <xmpp><domain>old.example.com</domain></xmpp>\n  <setup encrypted=\"true\">c2VjcmV0</setup>\n</jive>\n",
		     xml, sizeof(xml));
	RUN(&program, "import", "openfire", xml, script);
	assert_int_equal(program.exit, CTL_YES);
	assert_has(program.out, "\nlisten: [\"192.0.2.1:5269\"]\nlisten-tls: [\"192.0.2.1:5270\"]\n");
	assert_has(program.out, "\ntrunk: trunk.example.com\n");
}

static void openfires_defaults_are_written_down(void **state)
{
	(void)state;
	import_script("INSERT INTO OFPROPERTY VALUES('xmpp.domain','trunk.example.com')\n"
		      "INSERT INTO OFPROPERTY VALUES('xmpp.gateway.domains','a.example,b.example')\n");
	assert_has(program.out, "tls: {policy: optional, verify: dialback}\nauth: [external, dialback]\n");
	assert_has(program.out, "\n#gateway-domains: a.example,b.example\n");   /* xmpp.gateway.enabled defaults to false */
	assert_has(program.err, "xmpp.gateway.enabled is not true");
}

static void old_names_and_odd_values_are_understood_to_the_safe_side(void **state)
{
	(void)state;
	import_script("INSERT INTO OFPROPERTY VALUES('xmpp.server.tls.enabled','false')\n");
	assert_has(program.out, "policy: disabled");
	import_script("INSERT INTO OFPROPERTY VALUES('xmpp.server.tls.policy','whatever')\n");
	assert_has(program.out, "policy: required");
	import_script("INSERT INTO ofRemoteServerConf VALUES('a.example',0,'perhaps')\n");
	assert_has(program.out, "[\"a.example\", \"*.a.example\"], action: reject}");
	import_script("INSERT INTO OFPROPERTY VALUES('dnsutil.dnsOverride','{a.example,192.0.2.1:banana}')\n");
	assert_null(strstr(program.out, "\ndns-override"));
	assert_has(program.err, "dnsutil.dnsOverride could not be carried over");
	import_script("INSERT INTO OFPROPERTY VALUES('xmpp.domain','e','1','iv')\n");
	assert_has(program.err, "xmpp.domain is encrypted");
}

static void values_cannot_break_out_of_the_text(void **state)
{
	(void)state;
	import_script("INSERT INTO OFPROPERTY VALUES('xmpp.domain','trunk.example.com')\n"
		      "INSERT INTO OFPROPERTY VALUES('xmpp.gateway.enabled','true')\n"
		      "INSERT INTO OFPROPERTY VALUES('xmpp.gateway.domains','a.example\\u000aauth: []')\n"
		      "INSERT INTO OFPROPERTY VALUES('xmpp.server.x\\u000aauth: []','v')\n"
		      "INSERT INTO OFPROPERTY VALUES('other\\u000aauth: []','v')\n"
		      "INSERT INTO OFPROPERTY VALUES('dnsutil.dnsOverride','{a.example,192.0.2.1:5269}\"\\u000aauth: []')\n");
	assert_null(strstr(program.out, "\nauth: []"));
	assert_null(strstr(program.err, "\nauth: []"));
}

static void what_users_wrote_is_no_statement(void **state)
{
	(void)state;
	import_script(
		"INSERT INTO OFVCARD VALUES('ann','x\nINSERT INTO OFPROPERTY VALUES(''xmpp.domain'',''evil.example'')\n')\n"
		"INSERT INTO OFPROPERTY VALUES('xmpp.domain','trunk.example.com')\n");
	assert_has(program.out, "\ntrunk: trunk.example.com\n");
	assert_null(strstr(program.out, "evil"));
}

static void dumps_of_other_databases_are_read(void **state)
{
	(void)state;
	import_script("-- it's a dump\nINSERT INTO `ofProperty` (`name`, `propValue`, `encrypted`, `iv`) VALUES "
		      "('xmpp.domain', 'trunk.example.com', 0, NULL),\n"
		      "  ('xmpp.gateway.enabled', 'true', 0, NULL);\n"
		      "INSERT INTO public.ofproperty VALUES ('xmpp.gateway.domains', 'a.example,b.example', 0, NULL);\n");
	assert_int_equal(program.exit, CTL_YES);
	assert_has(program.out, "\ngateway-domains: a.example,b.example\n");
}

static void what_is_no_setting_is_refused(void **state)
{
	(void)state;
	import_script("hello\n");
	assert_int_equal(program.exit, CTL_NO);
	assert_has(program.err, "nothing of Openfire's");
	import_script("<jive><cut>");
	assert_int_equal(program.exit, CTL_NO);
	import_script("INSERT INTO OFPROPERTY VALUES('xmpp.domain");
	assert_int_equal(program.exit, CTL_NO);
	program_fini(&program);
	RUN(&program, "import", "openfire", "/nonexistent");
	assert_int_equal(program.exit, CTL_NO);
	program_fini(&program);
	RUN(&program, "import", "prosody", script);
	assert_int_equal(program.exit, CTL_USAGE);
}

static void too_many_properties_are_refused(void **state)
{
	struct openfire openfire;
	char name[32];
	int err = 0, i;

	(void)state;
	assert_int_equal(openfire_init(&openfire), 0);
	for (i = 0; i <= OPENFIRE_PROPERTIES_MAX && err == 0; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		err = openfire_set(&openfire, str_of(name), STR("v"), false);
	}
	assert_int_equal(err, TRUNK_ELIMIT);
	assert_int_equal(i, OPENFIRE_PROPERTIES_MAX + 1);
	openfire_fini(&openfire);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_trunking_settings_are_carried_over),
		TEST(what_is_not_carried_over_is_listed),
		TEST(the_xml_file_counts_too_and_the_database_wins),
		TEST(openfires_defaults_are_written_down),
		TEST(old_names_and_odd_values_are_understood_to_the_safe_side),
		TEST(values_cannot_break_out_of_the_text),
		TEST(what_users_wrote_is_no_statement),
		TEST(dumps_of_other_databases_are_read),
		TEST(what_is_no_setting_is_refused),
		TEST(too_many_properties_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

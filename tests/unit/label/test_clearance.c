/* SPDX-License-Identifier: Apache-2.0
 * Clearances: RFC 5755 §4.4.6, the older tags of X.501, SSLPrivileges, words, and files. */
#include "fixture.h"

#include "label/label_internal.h"

#define FARM_OID "06 0A 2B 06 01 04 01 81 FD 59 4D 01"
#define REL_SET "06 0B 2B 06 01 04 01 81 FD 59 4D 01 02"

static const char *words(struct fixture *f, const struct label_clearance *clearance)
{
	struct buf out = {0};
	struct str copy;

	assert_int_equal(label_clearance_write_words(clearance, &out), 0);
	copy = arena_str(&f->arena, buf_str(&out));
	buf_fini(&out);
	return copy.at;
}

/* In words, with the count of what the policy does not have; or what was wrong. */
static const char *der(struct fixture *f, const char *digits)
{
	struct label_clearance *clearance;
	char *out = arena_alloc(&f->arena, 512);
	const int err = label_clearance_parse_der(f->policies, hex(f, digits), &clearance);

	if (err)
		return err == TRUNK_EINVAL ? "malformed" : err == TRUNK_ENOENT ? "unknown policy" : error_text(err);
	snprintf(out, 512, "%s (%u)", words(f, clearance), label_clearance_surplus(clearance));
	label_clearance_free(&clearance);
	return out;
}

static void vectors_are_read(void **state)
{
	static const char *const expected[CLEARANCE_COUNT] = {
		"FARM: OPEN,GUARDED,SEALED; Compartment=ORCHID; Releasable To=XAA",
		"FARM: OPEN,GUARDED; Releasable To=XBB",
		"FARM: OPEN",
		"FARM: SEALED; Compartment=ORCHID; Releasable To=XAA,XBB",
		"MILL: LOW,HIGH; Release=R11",
		"MILL: LOW,HIGH; Project=P4; Release=R11",
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < CLEARANCE_COUNT; i++) {
		assert_string_equal(words(f, f->clearances[i]), expected[i]);
		assert_int_equal(label_clearance_surplus(f->clearances[i]), 0);
		assert_false(label_clearance_is_void(f->clearances[i]));
		assert_ptr_equal(label_clearance_policy(f->clearances[i]), i < K5 ? f->farm : f->mill);
	}
}

static void an_absent_class_list_means_unclassified(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(der(f, "30 0C " FARM_OID), "FARM: OPEN (0)");
	assert_string_equal(der(f, "30 0F " FARM_OID " 03 01 00"), "FARM: (0)");        /* an empty one holds nothing */
	assert_string_equal(der(f, "30 0C 80 0A 2B 06 01 04 01 81 FD 59 4D 01"), "FARM: OPEN (0)");
}

/* X.501, X.841 and RFC 3281 */
static void context_tags_are_read_too(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		der(f, "30 36 80 0A 2B 06 01 04 01 81 FD 59 4D 01 81 02 04 50 A2 24 30 22 80 0A 60 86 48 01 65 02 01 08 03 01"
		       " A1 14 30 12 " REL_SET " 31 03 02 01 02"),
		"FARM: OPEN,GUARDED; Releasable To=XBB (0)");
	assert_string_equal(der(f, "30 10 80 0A 2B 06 01 04 01 81 FD 59 4D 01 03 02 06 40"),
			    "malformed"); /* one way or the other */
	assert_string_equal(der(f, "30 10 " FARM_OID " 81 02 06 40"), "malformed");
}

static void what_the_policy_does_not_have_gives_nothing(void **state)
{
	struct fixture *f = *state;

	/* classes 1 and 2, of which 2 is none */
	assert_string_equal(der(f, "30 10 " FARM_OID " 03 02 05 60"), "FARM: OPEN (1)");
	/* value 77, and a category of an unknown type */
	assert_string_equal(der(f, "30 40 " FARM_OID
				   " 03 02 06 40 31 2E 30 22 80 0A 60 86 48 01 65 02 01 08 03 01 A1 14 30 12 " REL_SET
				   " 31 03 02 01 4D 30 08 80 02 2A 03 A1 02 05 00"),
			    "FARM: OPEN (2)");
}

static void ssl_privileges_are_read(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(der(f, "30 46 " FARM_OID " 03 02 06 40 31 34 30 32 80 09 60 86 48 01 65 02 01 08 02 A1 25 31 23"
				   " 30 0F 06 0B 2B 06 01 04 01 81 FD 59 4D 01 01 30 00"
				   " 30 10 " REL_SET " 30 01 A2"), "malformed");
	assert_string_equal(der(f, "30 38 " FARM_OID " 03 02 06 40 31 26 30 24 80 09 60 86 48 01 65 02 01 08 02 A1 17 31 15"
				   " 30 13 06 0B 2B 06 01 04 01 81 FD 59 4D 01 01 30 04 81 02 07 80"),
			    "FARM: OPEN; Compartment=ORCHID (0)");
	assert_string_equal(der(f, "30 39 " FARM_OID " 03 02 06 40 31 27 30 25 80 09 60 86 48 01 65 02 01 08 02 A1 18 31 16"
				   " 30 14 " REL_SET " 30 05 A2 03 02 01 02"), "FARM: OPEN; Releasable To=XBB (0)");
	assert_string_equal(der(f, "30 38 " FARM_OID " 03 02 06 40 31 26 30 24 80 09 60 86 48 01 65 02 01 08 02 A1 17 31 15"
				   " 30 13 06 0B 2B 06 01 04 01 81 FD 59 4D 01 03 30 04 A7 02 07 80"), "malformed");
}

static void what_is_no_clearance_is_malformed(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(der(f, ""), "malformed");
	assert_string_equal(der(f, "30 00"), "malformed");
	assert_string_equal(der(f, "31 0C " FARM_OID), "malformed");
	assert_string_equal(der(f, "30 0C " FARM_OID " 00"), "malformed");
	assert_string_equal(der(f, "30 18 " FARM_OID " " FARM_OID), "malformed");
	assert_string_equal(der(f, "30 10 03 02 06 40 " FARM_OID), "malformed");        /* a SEQUENCE has an order */
	assert_string_equal(der(f, "30 10 " FARM_OID " 03 02 08 40"), "malformed");
	assert_string_equal(der(f, "30 0E " FARM_OID " 31 00"), "FARM: OPEN (0)");
	assert_string_equal(der(f, "30 0E 06 0C 2B 06 01 04 01 81 FD 59 4D 01 01 80"), "malformed");
	assert_string_equal(der(f, "30 05 06 03 2B 06 01"), "unknown policy");
}

static void a_clearance_has_a_size(void **state)
{
	struct fixture *f = *state;
	char *at = arena_alloc(&f->arena, LABEL_BYTES_MAX + 1), why[LABEL_WHY_SIZE];
	struct label_clearance *clearance;
	struct buf text_of = {0};

	at[0] = 0x30;
	assert_int_equal(label_clearance_parse_der(f->policies, str_make(at, LABEL_BYTES_MAX), &clearance), TRUNK_EINVAL);
	assert_int_equal(label_clearance_parse_der(f->policies, str_make(at, LABEL_BYTES_MAX + 1), &clearance), TRUNK_ELIMIT);
	while (buf_len(&text_of) <= LABEL_WORDS_MAX)
		buf_add_cstr(&text_of, "FARM:");
	assert_int_equal(label_clearance_parse(f->policies, buf_str(&text_of), &clearance, why), TRUNK_ELIMIT);
	buf_fini(&text_of);
}

static const char *refused(struct fixture *f, const char *in)
{
	struct label_clearance *clearance = NULL;
	char *why = arena_alloc(&f->arena, LABEL_WHY_SIZE);

	assert_true(label_clearance_parse(f->policies, str_of(in), &clearance, why) < 0);
	assert_null(clearance);
	return why;
}

static void words_are_read(void **state)
{
	struct fixture *f = *state;
	const char *k1 = words(f, f->clearances[K1]);

	assert_string_equal(words(f, clearance_of(f->policies, k1)), k1);
	assert_string_equal(
		words(f, clearance_of(f->policies, "  FARM :OPEN , GUARDED,OPEN;;Releasable To = XBB ;Releasable To=XAA; ")),
		"FARM: OPEN,GUARDED; Releasable To=XAA,XBB");
}

static void words_that_nobody_knows_are_refused_with_what_there_is(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(refused(f, "FARM: OPEN,SECRET"),
			    "policy \"FARM\" has no class \"SECRET\"; it has OPEN, GUARDED, SEALED");
	assert_string_equal(refused(f, "FARM: "), "policy \"FARM\" has no class \"\"; it has OPEN, GUARDED, SEALED");
	assert_string_equal(refused(f, "BARN: OPEN"), "policy \"BARN\" is not loaded; name its SPIF in labels.policy");
	assert_string_equal(refused(f, "OPEN"), "no policy is named; write \"POLICY: CLASS; TAG SET=VALUE,VALUE\"");
	assert_string_equal(refused(f, "FARM: OPEN; Rel=XAA"),
			    "policy \"FARM\" has no tag set \"Rel\" (or several tags of that name); its sets "
			    "are Compartment, Releasable To, Admin");
	assert_string_equal(refused(f, "FARM: OPEN; Releasable To=XDD"),
			    "\"Releasable To\" has no value \"XDD\"; it has XAA, XBB, XCC");
	assert_string_equal(refused(f, "FARM: OPEN; Releasable To"),
			    "\"Releasable To\" lacks its values; write \"Releasable To=VALUE,VALUE\"");
	assert_string_equal(refused(f, "FARM: OPEN; Releasable To="),
			    "\"Releasable To\" has no value \"\"; it has XAA, XBB, XCC");
	assert_string_equal(refused(f, "ess:MQ8CAQ"), "is no base64; copy it whole, with the = at its end");
	assert_string_equal(refused(f, "ess:MQ8CAQEGCisGAQQBgf1ZTQE="), "is no clearance in DER: malformed value");
	assert_string_equal(refused(f, "ess:MAUGAysGAQ=="),
			    "is of a policy that is not loaded; name its SPIF in labels.policy");
}

#define STANAG_HEAD "<ConfidentialityClearance xmlns='urn:nato:stanag:4774:confidentialityclearance:1:0' " \
	"xmlns:l='urn:nato:stanag:4774:confidentialitymetadatalabel:1:0'>"
#define STANAG_ID "<l:PolicyIdentifier>FARM</l:PolicyIdentifier>"
#define STANAG_LIST                                                                                                            \
	"<ClassificationList><l:Classification>OPEN</l:Classification><l:Classification> "                                     \
	"GUARDED\n</l:Classification></ClassificationList>"
#define STANAG_REL "<l:Category Type='PERMISSIVE' TagName='Releasable To'><l:GenericValue>XBB</l:GenericValue></l:Category>"
#define STANAG_TAIL "</ConfidentialityClearance>"

static const char *file(struct fixture *f, struct str bytes)
{
	struct label_clearance *clearance = NULL;
	char *why = arena_alloc(&f->arena, LABEL_WHY_SIZE);
	const char *out;

	if (label_clearance_read(f->policies, bytes, &clearance, why) < 0)
		return why;
	out = words(f, clearance);
	label_clearance_free(&clearance);
	return out;
}

static void files_hold_one_of_three_forms(void **state)
{
	struct fixture *f = *state;
	const char *k2 = words(f, f->clearances[K2]);
	struct buf der_of = {0};

	assert_int_equal(buf_add(&der_of, hex(f, "30 10 " FARM_OID " 03 02 06 40")), 0);
	assert_string_equal(file(f, buf_str(&der_of)), "FARM: OPEN");
	buf_fini(&der_of);
	assert_string_equal(file(f, str_of(clearance_vectors[K2])), k2);
	assert_string_equal(
		file(f, STR("\n  MDYGCisGAQQBgf1ZTQEDAgRQMSQwIoAKYIZIAWUCAQgDAaEUMBIG\n  CysGAQQBgf1ZTQECMQMCAQI=\n")), k2);
	assert_string_equal(file(f, STR("\xef\xbb\xbf<?xml version='1.0'?><!-- K2 -->" STANAG_HEAD STANAG_ID STANAG_LIST
						STANAG_REL STANAG_TAIL "\n")),
			    k2);
	assert_string_equal(file(f, STR("")), "is no clearance in DER: malformed value");
	assert_string_equal(file(f, STR("<a")), "is no XML that can be read: XML is not well-formed");
	assert_string_equal(file(f, STR("<!DOCTYPE a>" STANAG_HEAD STANAG_ID STANAG_LIST STANAG_TAIL)),
			    "is no XML that can be read: XML feature that XMPP forbids");
}

static int stanag(struct fixture *f, const char *xml)
{
	struct label_clearance *clearance = NULL;
	const int err = label_clearance_parse_node(f->policies, tree(f, xml), &clearance);

	assert_int_equal(clearance != NULL, err == 0);
	label_clearance_free(&clearance);
	return err;
}

/* In configuration all has to be known. */
static void stanag_clearances_are_refused_where_they_are_not_understood(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(stanag(f, STANAG_HEAD STANAG_LIST STANAG_ID STANAG_TAIL), 0);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_LIST STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID STANAG_ID STANAG_LIST STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID STANAG_LIST STANAG_LIST STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID STANAG_LIST "text" STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID STANAG_LIST "<x/>" STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(
		stanag(f, STANAG_HEAD STANAG_ID
		       "<ClassificationList><l:Classification>OPN</l:Classification></ClassificationList>" STANAG_TAIL),
		TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID
				"<ClassificationList><Classification>OPEN</Classification></ClassificationList>" STANAG_TAIL),
			 TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD STANAG_ID STANAG_LIST "<l:Category Type='PERMISSIVE' TagName='Releasable To'>"
				"<l:GenericValue>XDD</l:GenericValue></l:Category>" STANAG_TAIL), TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD
				"<l:PolicyIdentifier URI='urn:oid:1.2.3'>FARM</l:PolicyIdentifier>" STANAG_LIST STANAG_TAIL),
			 TRUNK_EINVAL);
	assert_int_equal(stanag(f, STANAG_HEAD "<l:PolicyIdentifier>BARN</l:PolicyIdentifier>" STANAG_LIST STANAG_TAIL),
			 TRUNK_ENOENT);
	assert_int_equal(stanag(f, "<ConfidentialityClearance/>"), TRUNK_EINVAL);
}

static void a_clearance_that_holds_no_class_shows(void **state)
{
	struct fixture *f = *state;
	struct label_clearance *clearance;

	assert_int_equal(label_clearance_parse_der(f->policies, hex(f, "30 0F " FARM_OID " 03 01 00"), &clearance), 0);
	assert_true(label_clearance_is_void(clearance));
	label_clearance_expand(clearance);
	assert_true(label_clearance_is_void(clearance));
	label_clearance_free(&clearance);
	label_clearance_free(&clearance);
}

/* Only where it is asked for: a clearance for SEALED alone does not cover OPEN. */
static void expanding_gives_the_lower_classes(void **state)
{
	struct fixture *f = *state;
	struct label_clearance *clearance = clearance_of(f->policies, "FARM: GUARDED");
	const struct label *open = label_of(f, label_vectors[L1]);

	assert_int_equal(label_decide(&f->arena, open, clearance, &f->options).why, LABEL_CLASS);
	label_clearance_expand(clearance);
	assert_string_equal(words(f, clearance), "FARM: OPEN,GUARDED");
	assert_int_equal(label_decide(&f->arena, open, clearance, &f->options).why, LABEL_GRANTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_are_read),
		TEST(an_absent_class_list_means_unclassified),
		TEST(context_tags_are_read_too),
		TEST(what_the_policy_does_not_have_gives_nothing),
		TEST(ssl_privileges_are_read),
		TEST(what_is_no_clearance_is_malformed),
		TEST(a_clearance_has_a_size),
		TEST(words_are_read),
		TEST(words_that_nobody_knows_are_refused_with_what_there_is),
		TEST(files_hold_one_of_three_forms),
		TEST(stanag_clearances_are_refused_where_they_are_not_understood),
		TEST(a_clearance_that_holds_no_class_shows),
		TEST(expanding_gives_the_lower_classes),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}

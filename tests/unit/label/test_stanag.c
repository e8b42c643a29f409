/* SPDX-License-Identifier: Apache-2.0
 * Labels of STANAG 4774: read with suspicion, written strictly. */
#include "fixture.h"

#include "spif_text.h"

#define NS "xmlns='urn:nato:stanag:4774:confidentialitymetadatalabel:1:0'"
#define CREATED "<CreationDateTime>2026-03-01T09:00:00Z</CreationDateTime>"
#define POLICY "<PolicyIdentifier URI='urn:oid:1.3.6.1.4.1.32473.77.1'>FARM</PolicyIdentifier>"
#define GUARDED "<Classification>GUARDED</Classification>"
#define REL "<Category Type='PERMISSIVE' TagName='Releasable To' URI='urn:oid:1.3.6.1.4.1.32473.77.1.2'>" \
	"<GenericValue>XAA</GenericValue><GenericValue>XBB</GenericValue></Category>"
#define INFO(content) "<ConfidentialityInformation>" content "</ConfidentialityInformation>"
#define ROOT(attributes, content)                                                                                              \
	"<originatorConfidentialityLabel " NS " " attributes ">" content "</originatorConfidentialityLabel>"
#define LABEL(content) ROOT("", INFO(content) CREATED)

static struct label *parse_in(struct fixture *f, const struct label_options *options, const char *xml, int *ret_err)
{
	struct label *label = arena_alloc(&f->arena, sizeof(*label));

	*ret_err = label_parse_node(&f->arena, tree(f, xml), options, label);
	return label;
}

/* In words, or the fault. */
static const char *read_in(struct fixture *f, const struct label_options *options, const char *xml)
{
	int err;
	const struct label *label = parse_in(f, options, xml, &err);

	if (err)
		return err == TRUNK_EINVAL ? "malformed" : err == TRUNK_ELIMIT ? "limit" : error_text(err);
	return label->fault.why == LABEL_GRANTED ? in_words(f, label) : reason(f, label->fault);
}

static const char *read(struct fixture *f, const char *xml)
{
	return read_in(f, &f->options, xml);
}

static void the_worked_example_is_l2(void **state)
{
	struct fixture *f = *state;
	int err;
	const struct label *label =
		parse_in(f, &f->options, ROOT("ReviewDateTime='2031-01-01T00:00:00Z'", INFO(POLICY GUARDED REL) CREATED), &err);

	assert_int_equal(err, 0);
	assert_int_equal(label->form, LABEL_FORM_STANAG);
	assert_true(label_same(label, label_of(f, label_vectors[L2])));
	assert_string_equal(base64(f, label), label_vectors[L2]);
}

static void an_overdue_review_does_not_invalidate(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(read(f, ROOT("ReviewDateTime='2001-01-01T00:00:00Z'", INFO(POLICY GUARDED) CREATED)),
			    "FARM: GUARDED");
	assert_string_equal(read(f, ROOT("ReviewDateTime='soon'", INFO(POLICY GUARDED) CREATED)), "malformed");
}

static void white_space_collapses(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		read(f, LABEL("\n <PolicyIdentifier>\n FARM </PolicyIdentifier><Classification>\tGUARDED\n</Classification>"
			      "<Category Type='PERMISSIVE' TagName='Releasable  To'><GenericValue> XAA "
			      "</GenericValue></Category> ")),
		"FARM: GUARDED; Releasable To=XAA");
	assert_string_equal(read(f, LABEL("<PolicyIdentifier>F ARM</PolicyIdentifier>" GUARDED)), "no-policy");
}

static void names_and_ids_agree(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(read(f, LABEL("<PolicyIdentifier>BARN</PolicyIdentifier>" GUARDED)), "no-policy");
	assert_string_equal(read(f, LABEL("<PolicyIdentifier>farm</PolicyIdentifier>" GUARDED)), "no-policy");
	assert_string_equal(
		read(f, LABEL("<PolicyIdentifier URI='urn:oid:1.3.6.1.4.1.32473.77.2'>FARM</PolicyIdentifier>" GUARDED)),
		"invalid:policy");
	assert_string_equal(read(f, LABEL("<PolicyIdentifier URI='http://x'>FARM</PolicyIdentifier>" GUARDED)),
			    "invalid:policy");
	assert_string_equal(
		read(f, LABEL("<PolicyIdentifier URI='urn:oid:1.3.6.1.4.1.32473.77.1'>MILL</PolicyIdentifier>" GUARDED)),
		"invalid:policy");
	assert_string_equal(
		read(f, LABEL(POLICY GUARDED "<Category Type='PERMISSIVE' TagName='Releasable To' URI='urn:oid:1.2'>"
					     "<GenericValue>XAA</GenericValue></Category>")),
		"invalid:value");
}

static void what_the_policy_does_not_have_is_invalid(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(read(f, LABEL(POLICY)), "invalid:class");
	assert_string_equal(read(f, LABEL(POLICY "<Classification>guarded</Classification>")), "invalid:class");
	assert_string_equal(
		read(f,
		     LABEL(POLICY GUARDED
			   "<Category Type='PERMISSIVE' TagName='Releasable To'><GenericValue>XDD</GenericValue></Category>")),
		"invalid:value");
	assert_string_equal(
		read(f,
		     LABEL(POLICY GUARDED
			   "<Category Type='RESTRICTIVE' TagName='Releasable To'><GenericValue>XAA</GenericValue></Category>")),
		"invalid:value");
	assert_string_equal(read(f, LABEL(POLICY GUARDED "<Category Type='RESTRICTIVE' TagName='Other'/>")), "invalid:value");
	assert_string_equal(read(f, LABEL(POLICY GUARDED "<Category Type='PERMISSIVE' TagName='Releasable To'/>")),
			    "invalid:value");
	assert_string_equal(read(f, LABEL(POLICY GUARDED "<Category Type='RESTRICTIVE' TagName='Compartment'/>")),
			    "FARM: GUARDED");
	/* Numbers exist in the schema, and the prose rules them out. */
	assert_string_equal(
		read(f, LABEL(POLICY GUARDED
			      "<Category Type='PERMISSIVE' TagName='Releasable To'><IntegerValue>1</IntegerValue></Category>")),
		"invalid:category");
}

/* An element that nobody here knows might restrict. */
static void unknown_elements_deny(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(read(f, LABEL(POLICY GUARDED "<x xmlns='urn:x'/>")), "invalid:element");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED "<x xmlns='urn:x'/>")), "invalid:element");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED "<OriginatorID IDType='jID'>a@b</OriginatorID>")),
			    "FARM: GUARDED");
	assert_string_equal(read(f, "<metadataConfidentialityLabel " NS "/>"), "format:metadataConfidentialityLabel");
	assert_string_equal(read(f, "<icismlabel xmlns='http://example.gov/IC-ISM/0' classification='S'/>"),
			    "format:icismlabel");
	assert_string_equal(read(f, "<originatorConfidentialityLabel xmlns='urn:other'/>"),
			    "format:originatorConfidentialityLabel");
}

static void what_stands_wrong_is_malformed(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(read(f, ROOT("", CREATED)), "malformed");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) INFO(POLICY GUARDED) CREATED)), "malformed");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED CREATED)), "malformed");
	assert_string_equal(read(f, LABEL(GUARDED)), "malformed");
	assert_string_equal(read(f, LABEL(POLICY POLICY GUARDED)), "malformed");
	assert_string_equal(read(f, LABEL(POLICY GUARDED GUARDED)), "malformed");
	assert_string_equal(read(f, LABEL(POLICY GUARDED "text")), "malformed");
	assert_string_equal(read(f, ROOT("", "text" INFO(POLICY GUARDED) CREATED)), "malformed");
	assert_string_equal(read(f, LABEL(POLICY "<Classification URI='urn:x'>GUARDED</Classification>")), "malformed");
	assert_string_equal(read(f, LABEL(POLICY "<Classification><b/>GUARDED</Classification>")), "malformed");
	assert_string_equal(
		read(f, LABEL(POLICY GUARDED "<Category TagName='Compartment'><GenericValue>ORCHID</GenericValue></Category>")),
		"malformed");
	assert_string_equal(
		read(f, LABEL(POLICY GUARDED "<Category Type='RESTRICTIVE'><GenericValue>ORCHID</GenericValue></Category>")),
		"malformed");
	assert_string_equal(
		read(f, LABEL(POLICY GUARDED "<Category Type='RESTRICTIVE' TagName='Compartment'>ORCHID</Category>")),
		"malformed");
	assert_string_equal(read(f, LABEL(POLICY GUARDED REL REL)), "malformed");       /* a choice among both, or of each? */
	assert_string_equal(
		read(f, LABEL(POLICY GUARDED
			      "<Category Type='RESTRICTIVE' TagName='Compartment'><GenericValue>ORCHID</GenericValue>"
			      "</Category><Category Type='RESTRICTIVE' "
			      "TagName='Compartment'><GenericValue>TULIP</GenericValue></Category>")),
		"FARM: GUARDED; Compartment=ORCHID,TULIP");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) "<CreationDateTime>yesterday</CreationDateTime>")),
			    "malformed");
}

static void strictly_a_label_has_a_time_of_creation(void **state)
{
	struct fixture *f = *state;
	struct label_options lenient = f->options;

	lenient.is_lenient = true;
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED))), "malformed");
	assert_string_equal(read_in(f, &lenient, ROOT("", INFO(POLICY GUARDED))), "FARM: GUARDED");
}

static void a_privacy_mark_is_kept(void **state)
{
	struct fixture *f = *state;
	char mark[LABEL_PRIVACY_MARK_MAX + 2];
	struct buf xml = {0};
	int err;

	assert_true(str_is(
		parse_in(f, &f->options, LABEL(POLICY GUARDED "<PrivacyMark> Hand  carry</PrivacyMark>"), &err)->privacy_mark,
		"Hand carry"));
	assert_int_equal(err, 0);
	memset(mark, 'a', sizeof(mark));
	mark[LABEL_PRIVACY_MARK_MAX + 1] = '\0';
	buf_addf(&xml, LABEL(POLICY GUARDED "<PrivacyMark>%s</PrivacyMark>"), mark + 1);
	buf_add(&xml, str_make("", 1));
	assert_string_equal(read(f, xml.at), "FARM: GUARDED");
	buf_clear(&xml);
	buf_addf(&xml, LABEL(POLICY GUARDED "<PrivacyMark>%s</PrivacyMark>"), mark);
	buf_add(&xml, str_make("", 1));
	assert_string_equal(read(f, xml.at), "limit");
	buf_fini(&xml);
}

#define SUCCESSION(when, class)                                                                                                \
	"<SuccessionHandling><SuccessionDateTime>" when                                                                        \
	"</SuccessionDateTime><SuccessorConfidentialityLabel>" INFO(POLICY "<Classification>" class "</Classification>")       \
		CREATED "</SuccessorConfidentialityLabel></SuccessionHandling>"

static void the_successor_counts_from_its_moment_on(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2026-05-31T23:59:59Z", "OPEN"))),
			    "FARM: OPEN");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2026-06-01T00:00:00Z", "OPEN"))),
			    "FARM: OPEN");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2026-06-01T00:00:01Z", "OPEN"))),
			    "FARM: GUARDED");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2026-05-31T00:00:00Z", "NONE"))),
			    "invalid:class");
	/* What is not understood now is not made good by what follows. */
	assert_string_equal(
		read(f, ROOT("", INFO(POLICY GUARDED "<x xmlns='urn:x'/>") CREATED SUCCESSION("2026-05-31T00:00:00Z", "OPEN"))),
		"invalid:element");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2026", "OPEN"))), "malformed");
	assert_string_equal(read(f, ROOT("", INFO(POLICY GUARDED) CREATED "<SuccessionHandling/>")), "malformed");
}

/* Nobody knows which of the two it is, so both have to be granted. */
static void without_a_clock_the_stricter_of_both_counts(void **state)
{
	struct fixture *f = *state;
	struct label_options options = f->options;
	int err;
	const struct label *label, *plain = words_of(f, "FARM: GUARDED");

	options.has_clock = false;
	label = parse_in(f, &options, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2001-01-01T00:00:00Z", "SEALED")),
			 &err);
	assert_int_equal(err, 0);
	assert_int_equal(label_decide(&f->arena, label, f->clearances[K1], &options).why, LABEL_GRANTED);
	assert_int_equal(label_decide(&f->arena, label, f->clearances[K2], &options).why, LABEL_CLASS);         /* no SEALED */
	assert_int_equal(label_decide(&f->arena, plain, f->clearances[K2], &options).why, LABEL_GRANTED);
	assert_int_equal(label_decide(&f->arena, label, f->clearances[K5], &options).why, LABEL_NO_EQUIVALENT);
	assert_true(label_is_above(label, STR("GUARDED")));
	assert_false(label_is_above(plain, STR("GUARDED")));
	assert_false(label_same(label, plain));
	label = parse_in(f, &options, ROOT("", INFO(POLICY GUARDED) CREATED SUCCESSION("2001-01-01T00:00:00Z", "NONE")), &err);
	assert_string_equal(reason(f, label_decide(&f->arena, label, f->clearances[K1], &options)), "invalid:succession");
}

static void successors_follow_each_other_so_often(void **state)
{
	struct fixture *f = *state;

	for (unsigned count = LABEL_SUCCESSORS_MAX; count <= LABEL_SUCCESSORS_MAX + 1; count++) {
		struct buf xml = {0};

		buf_add_cstr(&xml, "<originatorConfidentialityLabel " NS ">" INFO(POLICY GUARDED) CREATED);
		for (unsigned i = 0; i < count; i++)
			buf_add_cstr(&xml,
				     "<SuccessionHandling><SuccessionDateTime>2001-01-01T00:00:00Z</SuccessionDateTime>"
				     "<SuccessorConfidentialityLabel>" INFO(POLICY "<Classification>OPEN</Classification>")
					     CREATED);
		for (unsigned i = 0; i < count; i++)
			buf_add_cstr(&xml, "</SuccessorConfidentialityLabel></SuccessionHandling>");
		buf_add_cstr(&xml, "</originatorConfidentialityLabel>");
		buf_add(&xml, str_make("", 1));
		assert_string_equal(read(f, xml.at), count == LABEL_SUCCESSORS_MAX ? "FARM: OPEN" : "limit");
		buf_fini(&xml);
	}
}

static void limits_hold(void **state)
{
	struct fixture *f = *state;

	for (unsigned count = LABEL_CATEGORIES_MAX; count <= LABEL_CATEGORIES_MAX + 1; count++) {
		struct buf xml = {0};

		buf_add_cstr(&xml, "<originatorConfidentialityLabel " NS "><ConfidentialityInformation>" POLICY GUARDED);
		for (unsigned i = 0; i < count; i++)
			buf_add_cstr(&xml, "<Category Type='RESTRICTIVE' TagName='Compartment'/>");
		buf_add_cstr(&xml, "</ConfidentialityInformation>" CREATED "</originatorConfidentialityLabel>");
		buf_add(&xml, str_make("", 1));
		assert_string_equal(read(f, xml.at), count == LABEL_CATEGORIES_MAX ? "FARM: GUARDED" : "limit");
		buf_fini(&xml);
	}
}

/* One name for values of two tags of one type: nobody guesses which. */
static void ambiguous_names_are_unknown(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};

	policy_add(policies,
		   SPIF(CLASSES SETS(SET("A", "1.2.3.1",
					 TAG("T", "tagType='restrictive'", VALUE("X", "1", "") VALUE("Y", "2", "")) TAG(
						 "S", "tagType='enumerated' enumType='restrictive'", VALUE("X", "1", ""))))));
	assert_string_equal(read_in(f, &options,
				    "<originatorConfidentialityLabel " NS "><ConfidentialityInformation><PolicyIdentifier>TEST"
				    "</PolicyIdentifier><Classification>U</Classification><Category Type='RESTRICTIVE' "
				    "TagName='A'><GenericValue>X</GenericValue>"
				    "</Category></ConfidentialityInformation>" CREATED "</originatorConfidentialityLabel>"),
			    "invalid:value");
	label_policies_free(&policies);
}

static void what_is_written_is_strict_and_reads_back(void **state)
{
	struct fixture *f = *state;
	struct label_options options = f->options;
	struct xml_node *node;

	assert_int_equal(label_node(&f->arena, label_of(f, label_vectors[L10]), LABEL_FORM_STANAG, false, &f->options, &node),
			 0);
	assert_string_equal(
		text(f, node),
		"<originatorConfidentialityLabel " NS "><ConfidentialityInformation>"
		"<PolicyIdentifier "
		"URI='urn:oid:1.3.6.1.4.1.32473.77.1'>FARM</PolicyIdentifier><Classification>GUARDED</Classification>"
		"<Category Type='RESTRICTIVE' TagName='Compartment' "
		"URI='urn:oid:1.3.6.1.4.1.32473.77.1.1'><GenericValue>ORCHID</GenericValue>"
		"</Category><Category Type='PERMISSIVE' TagName='Releasable To' "
		"URI='urn:oid:1.3.6.1.4.1.32473.77.1.2'><GenericValue>XAA"
		"</GenericValue><GenericValue>XCC</GenericValue></Category></ConfidentialityInformation>"
		"<CreationDateTime>2026-06-01T00:00:00Z</CreationDateTime></originatorConfidentialityLabel>");
	assert_string_equal(read(f, text(f, node)), in_words(f, label_of(f, label_vectors[L10])));
	assert_int_equal(label_node(&f->arena, label_of(f, label_vectors[L11]), LABEL_FORM_STANAG, true, &f->options, &node),
			 0);
	assert_true(str_is(node->name, "alternativeConfidentialityLabel"));
	assert_non_null(strstr(text(f, node), "<PrivacyMark>Hand carry</PrivacyMark>"));
	assert_string_equal(read(f, text(f, node)), "FARM: GUARDED");
	options.has_clock = false;
	assert_int_equal(label_node(&f->arena, label_of(f, label_vectors[L1]), LABEL_FORM_STANAG, false, &options, &node),
			 TRUNK_EINVAL);
	assert_int_equal(label_node(&f->arena, label_of(f, label_vectors[L9]), LABEL_FORM_STANAG, false, &f->options, &node),
			 TRUNK_EINVAL);
}

/* Two permissive tags of one set cannot be told apart in STANAG 4774, so ESS alone can say it. */
static void what_cannot_be_said_is_not_written(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies, .has_clock = true};
	struct xml_node *node;

	policy_add(policies, SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='permissive'", VALUE("X", "1", ""))
		TAG("S", "tagType='permissive'", VALUE("Y", "2", ""))))));
	assert_int_equal(
		label_node(&f->arena, words_in(f, &options, "TEST: U; T=X"), LABEL_FORM_STANAG, false, &options, &node), 0);
	assert_int_equal(
		label_node(&f->arena, words_in(f, &options, "TEST: U; T=X; S=Y"), LABEL_FORM_STANAG, false, &options, &node),
		TRUNK_EINVAL);
	assert_int_equal(
		label_node(&f->arena, words_in(f, &options, "TEST: U; T=X; S=Y"), LABEL_FORM_ESS, false, &options, &node), 0);
	label_policies_free(&policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_worked_example_is_l2),
		TEST(an_overdue_review_does_not_invalidate),
		TEST(white_space_collapses),
		TEST(names_and_ids_agree),
		TEST(what_the_policy_does_not_have_is_invalid),
		TEST(unknown_elements_deny),
		TEST(what_stands_wrong_is_malformed),
		TEST(strictly_a_label_has_a_time_of_creation),
		TEST(a_privacy_mark_is_kept),
		TEST(the_successor_counts_from_its_moment_on),
		TEST(without_a_clock_the_stricter_of_both_counts),
		TEST(successors_follow_each_other_so_often),
		TEST(limits_hold),
		TEST(ambiguous_names_are_unknown),
		TEST(what_is_written_is_strict_and_reads_back),
		TEST(what_cannot_be_said_is_not_written),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}

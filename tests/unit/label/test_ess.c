/* SPDX-License-Identifier: Apache-2.0
 * ESS labels: RFC 2634 §3.2 and X.841 read from BER and written as DER, in both families of categories. */
#include "fixture.h"

#include "label/ber_internal.h"
#include "label/model_internal.h"
#include "spif_text.h"

#define FARM_OID "06 0A 2B 06 01 04 01 81 FD 59 4D 01"
#define REL_SET "06 0B 2B 06 01 04 01 81 FD 59 4D 01 02"
#define COMPARTMENT_SET "06 0B 2B 06 01 04 01 81 FD 59 4D 01 01"

static int parse(struct fixture *f, struct str der, struct label *ret_label)
{
	return label_parse_der(&f->arena, der, &f->options, ret_label);
}

static const char *fault(struct fixture *f, const char *digits)
{
	struct label label;
	const int err = parse(f, hex(f, digits), &label);

	return err == TRUNK_EINVAL ? "malformed" : err == TRUNK_ELIMIT ? "limit" : reason(f, label.fault);
}

static void vectors_are_read(void **state)
{
	static const char *const words[LABEL_COUNT] = {
		[L1] = "FARM: OPEN", [L2] = "FARM: GUARDED; Releasable To=XAA,XBB",
		[L3] = "FARM: SEALED; Compartment=ORCHID; Releasable To=XAA", [L4] = "FARM: GUARDED; Compartment=ORCHID,TULIP",
		[L5] = "FARM: OPEN; Admin=STAFF", [L10] = "FARM: GUARDED; Compartment=ORCHID; Releasable To=XAA,XCC",
		[L11] = "FARM: GUARDED", [L12] = "FARM: GUARDED; Releasable To=XCC",
	};
	static const char *const faults[LABEL_COUNT] = {[L6] = "no-policy", [L7] = "invalid:class", [L8] = "invalid:class",
		[L9] = "invalid:value"};
	struct fixture *f = *state;

	for (unsigned i = 0; i < LABEL_COUNT; i++) {
		const struct label *label = label_of(f, label_vectors[i]);

		assert_int_equal(label->form, LABEL_FORM_ESS);
		if (words[i])
			assert_string_equal(in_words(f, label), words[i]);
		else
			assert_string_equal(reason(f, label->fault), faults[i]);
	}
	assert_true(str_is(label_of(f, label_vectors[L11])->privacy_mark, "Hand carry"));
	assert_true(str_is_absent(label_of(f, label_vectors[L1])->privacy_mark));
	assert_true(str_is(label_of(f, label_vectors[L1])->policy_name, "1.3.6.1.4.1.32473.77.1"));
}

/* All but L7, whose OID stands before what DER has first, and which has a fault. */
static void vectors_are_written_as_they_were(void **state)
{
	static const unsigned whole[] = {L1, L2, L3, L4, L5, L10, L11, L12};
	struct fixture *f = *state;
	struct buf out = {0};

	for (unsigned i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		assert_string_equal(base64(f, label_of(f, label_vectors[whole[i]])), label_vectors[whole[i]]);
	assert_int_equal(label_write_der(label_of(f, label_vectors[L9]), &out), TRUNK_EINVAL);
	assert_int_equal(label_write_words(label_of(f, label_vectors[L6]), &out), TRUNK_EINVAL);
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
}

/* The ESS strings of XEP-0258 itself. Its examples name no policy, and one lacks its padding. */
static void the_examples_of_the_standard_are_of_no_policy(void **state)
{
	struct fixture *f = *state;
	struct label label;

	assert_string_equal(reason(f, label_of(f, "\n            MQYCAQQGASk=\n        ")->fault), "no-policy");
	assert_string_equal(reason(f, label_of(f, "MRUCAgD9DA9BcXVhIChvYnNvbGV0ZSk=")->fault), "no-policy");
	assert_true(str_is(label_of(f, "MRUCAgD9DA9BcXVhIChvYnNvbGV0ZSk=")->privacy_mark, "Aqua (obsolete)"));
	assert_int_equal(label_parse_base64(&f->arena, STR("MQMGASk"), &f->options, &label), TRUNK_EINVAL);
}

static void elements_stand_in_any_order(void **state)
{
	struct fixture *f = *state;
	const struct label *l1 = label_of(f, label_vectors[L1]);
	struct label label;

	assert_int_equal(parse(f, hex(f, "31 0F " FARM_OID " 02 01 01"), &label), 0);
	assert_true(label_same(&label, l1));
	assert_int_equal(parse(f, hex(f, "31 81 11 " FARM_OID " 02 81 01 01 00"), &label), TRUNK_EINVAL);
	assert_int_equal(parse(f, hex(f, "31 83 00 00 10 " FARM_OID " 02 81 01 01"), &label), 0);
	assert_true(label_same(&label, l1));
	/* L2 with categories first and the numbers in the other order, one twice */
	assert_int_equal(parse(f, hex(f, "31 3B 31 2A 30 28 80 0A 60 86 48 01 65 02 01 08 03 01 A1 1A 30 18 " REL_SET
				      " 31 09 02 01 02 02 01 01 02 01 02 " FARM_OID " 02 01 03"), &label), 0);
	assert_true(label_same(&label, label_of(f, label_vectors[L2])));
}

static void what_is_no_label_is_malformed(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fault(f, ""), "malformed");
	assert_string_equal(fault(f, "30 0F 02 01 01 " FARM_OID), "malformed");                 /* a SEQUENCE */
	assert_string_equal(fault(f, "31 0F 02 01 01 " FARM_OID " 00"), "malformed");           /* trailing octets */
	assert_string_equal(fault(f, "31 10 02 01 01 " FARM_OID), "malformed");                 /* cut short */
	assert_string_equal(fault(f, "31 80 02 01 01 " FARM_OID " 00 00"), "malformed");        /* indefinite */
	assert_string_equal(fault(f, "31 12 02 01 01 02 01 01 " FARM_OID), "malformed");        /* twice */
	assert_string_equal(fault(f, "31 1B 02 01 01 " FARM_OID " " FARM_OID), "malformed");
	assert_string_equal(fault(f, "31 12 02 01 01 04 01 41 " FARM_OID), "malformed");        /* an octet string */
	assert_string_equal(fault(f, "31 0F 02 01 81 " FARM_OID), "malformed");                 /* negative */
	assert_string_equal(fault(f, "31 06 02 01 01 06 01 80"), "malformed");                  /* no OID */
	assert_string_equal(fault(f, "31 05 02 01 01 06 00"), "malformed");
	assert_string_equal(fault(f, "31 13 02 01 01 13 02 41 40 " FARM_OID), "malformed");     /* @ is not printable */
	assert_string_equal(fault(f, "31 13 02 01 01 0C 02 C0 80 " FARM_OID), "malformed");     /* overlong */
	assert_string_equal(fault(f, "31 12 02 01 01 0C 01 0A " FARM_OID), "malformed");        /* a line feed */
	assert_string_equal(fault(f, "31 13 02 01 01 13 02 41 42 " FARM_OID), "granted");
	assert_string_equal(fault(f, "31 13 02 01 01 2C 02 41 42 " FARM_OID), "malformed");     /* constructed */
	assert_string_equal(fault(f, "31 00"), "no-policy");
	assert_string_equal(fault(f, "31 16 02 07 00 00 00 00 00 00 01 " FARM_OID), "malformed");
}

/* One category around `value`, in a label of class GUARDED. */
static const char *category(struct fixture *f, const char *type, const char *value)
{
	struct buf inner = {0}, one = {0}, set = {0}, label = {0};
	struct label out;
	int err;

	assert_int_equal(der_add(&one, BER_CONTEXT, hex(f, type)), 0);
	assert_int_equal(der_add(&one, BER_CONTEXT_CONSTRUCTED | 1, hex(f, value)), 0);
	assert_int_equal(der_add(&set, BER_SEQUENCE, buf_str(&one)), 0);
	assert_int_equal(buf_add(&inner, hex(f, "02 01 03 " FARM_OID)), 0);
	assert_int_equal(der_add(&inner, BER_SET, buf_str(&set)), 0);
	assert_int_equal(der_add(&label, BER_SET, buf_str(&inner)), 0);
	err = parse(f, buf_str(&label), &out);
	buf_fini(&inner);
	buf_fini(&one);
	buf_fini(&set);
	buf_fini(&label);
	return err == TRUNK_EINVAL ? "malformed" : err == TRUNK_ELIMIT ? "limit" :
		out.fault.why == LABEL_GRANTED ? in_words(f, &out) : reason(f, out.fault);
}

#define COMMON "60 86 48 01 65 02 01 08 03 "
#define MISSI "60 86 48 01 65 02 01 08 01"

/* What is skipped in silence might restrict. */
static void categories_of_the_common_family(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(category(f, COMMON "00", "30 11 " COMPARTMENT_SET " 03 02 06 C0"),
			    "FARM: GUARDED; Compartment=ORCHID,TULIP");
	assert_string_equal(category(f, COMMON "00", "30 11 " COMPARTMENT_SET " 03 02 05 20"), "invalid:value");
	assert_string_equal(category(f, COMMON "00", "30 11 " COMPARTMENT_SET " 03 02 00 00"), "FARM: GUARDED");
	assert_string_equal(category(f, COMMON "00", "30 10 " COMPARTMENT_SET " 03 01 00"), "FARM: GUARDED");
	assert_string_equal(category(f, COMMON "02", "30 11 " COMPARTMENT_SET " 03 02 07 80"),
			    "invalid:value"); /* wrong tag type */
	assert_string_equal(category(f, COMMON "02", "30 10 " COMPARTMENT_SET " 03 01 00"), "invalid:value");
	assert_string_equal(category(f, COMMON "04", "30 12 " REL_SET " 31 03 02 01 01"), "invalid:value");
	assert_string_equal(category(f, COMMON "01", "30 0F " REL_SET " 31 00"), "invalid:value");      /* for nobody */
	assert_string_equal(category(f, COMMON "00", "30 10 06 0B 2B 06 01 04 01 81 FD 59 4D 01 09 03 01 00"), "invalid:value");
	assert_string_equal(category(f, COMMON "04", "30 0F " COMPARTMENT_SET " 31 00"), "invalid:value");
	assert_string_equal(category(f, COMMON "05", "05 00"), "invalid:category");
	assert_string_equal(category(f, "2A 03", "05 00"), "invalid:category");
	assert_string_equal(category(f, COMMON "00", "30 12 " COMPARTMENT_SET " 31 03 02 01 01"),
			    "malformed"); /* numbers for bits */
	assert_string_equal(category(f, COMMON "01", "30 11 " REL_SET " 03 02 06 C0"), "malformed");
	assert_string_equal(category(f, COMMON "00", "31 11 " COMPARTMENT_SET " 03 02 06 C0"), "malformed");
	assert_string_equal(category(f, COMMON "00", "30 13 " COMPARTMENT_SET " 03 02 06 C0 05 00"), "malformed");
	assert_string_equal(category(f, COMMON "00", "30 11 " COMPARTMENT_SET " 23 02 06 C0"), "malformed"); /* constructed */
	assert_string_equal(category(f, COMMON "00", "30 11 " COMPARTMENT_SET " 03 02 06 C0 05 00"), "malformed");
	assert_string_equal(category(f, COMMON "01", "30 12 " REL_SET " 31 03 02 01 FF"), "malformed");
}

/* SDN.801: the tag's number says how it is meant, [2] what the SPIF says. */
static void categories_of_the_older_family(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(category(f, MISSI, "31 17 30 15 " COMPARTMENT_SET " 30 06 A1 04 03 02 07 80"),
			    "FARM: GUARDED; Compartment=ORCHID");
	assert_string_equal(category(f, MISSI, "31 18 30 16 " REL_SET " 30 07 A2 05 31 03 02 01 01"),
			    "FARM: GUARDED; Releasable To=XAA");
	assert_string_equal(category(f, MISSI, "31 17 30 15 06 0B 2B 06 01 04 01 81 FD 59 4D 01 03 30 06 A7 04 03 02 07 80"),
			    "FARM: GUARDED; Admin=STAFF");
	assert_string_equal(category(f, MISSI, "31 17 30 15 " COMPARTMENT_SET " 30 06 A6 04 03 02 07 80"), "invalid:value");
	/* A level inside of the tag: nobody knows what it restricts. */
	assert_string_equal(category(f, MISSI, "31 1A 30 18 " COMPARTMENT_SET " 30 09 A1 07 02 01 03 03 02 07 80"),
			    "invalid:value");
	assert_string_equal(category(f, MISSI, "31 17 30 15 " COMPARTMENT_SET " 30 06 A3 04 03 02 07 80"), "malformed");
	assert_string_equal(category(f, MISSI, "31 15 30 13 " COMPARTMENT_SET " 30 04 81 02 07 80"), "malformed");
	assert_string_equal(category(f, MISSI, "30 0F 06 01 29 31 0A 30 08 06 01 29 30 03 A1 01 00"),
			    "malformed"); /* lrbacInfo */
	/* SSLPrivileges are for clearances. */
	assert_string_equal(category(f, "60 86 48 01 65 02 01 08 02", "31 00"), "invalid:category");
}

/* A union of two permissive tags would let in who may see either. */
static void a_tag_stands_once(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fault(f,
				  "31 5C 02 01 03 " FARM_OID " 31 4B"
				  " 30 22 80 0A 60 86 48 01 65 02 01 08 03 01 A1 14 30 12 " REL_SET " 31 03 02 01 01"
				  " 30 25 80 0A 60 86 48 01 65 02 01 08 03 01 A1 17 30 15 " REL_SET " 31 06 02 01 02 02 01 01"),
			    "malformed");
}

static void limits_hold(void **state)
{
	struct fixture *f = *state;
	struct buf bits = {0}, value = {0};
	struct buf digits = {0};

	/* 2049 octets of bits are over LABEL_VALUES_MAX, 2048 are not. */
	for (unsigned octets = LABEL_VALUES_MAX / 8; octets <= LABEL_VALUES_MAX / 8 + 1; octets++) {
		buf_clear(&bits);
		buf_clear(&value);
		buf_clear(&digits);
		assert_int_equal(buf_reserve(&bits, octets + 1), 0);
		memset(buf_space(&bits), 0, octets + 1);
		buf_grew(&bits, octets + 1);
		buf_add(&value, hex(f, COMPARTMENT_SET));
		der_add(&value, BER_BIT_STRING, buf_str(&bits));
		buf_addf(&digits, "3082%04zx", buf_len(&value));
		for (size_t i = 0; i < buf_len(&value); i++)
			buf_addf(&digits, "%02x", (unsigned char)buf_str(&value).at[i]);
		buf_add(&digits, str_make("", 1));
		assert_string_equal(category(f, COMMON "00", digits.at),
				    octets == LABEL_VALUES_MAX / 8 ? "FARM: GUARDED" : "limit");
	}
	buf_fini(&bits);
	buf_fini(&value);
	buf_fini(&digits);
}

static void a_label_has_a_size(void **state)
{
	struct fixture *f = *state;
	char *at = arena_alloc(&f->arena, LABEL_BYTES_MAX + 1);
	struct label label;

	memcpy(at, "\x31\x82\x3F\xFC", 4);
	assert_int_equal(parse(f, str_make(at, LABEL_BYTES_MAX), &label), TRUNK_EINVAL);
	memcpy(at, "\x31\x82\x3F\xFD", 4);
	assert_int_equal(parse(f, str_make(at, LABEL_BYTES_MAX + 1), &label), TRUNK_ELIMIT);
	at = arena_alloc(&f->arena, 4 * LABEL_BYTES_MAX + 1);
	memset(at, ' ', 4 * LABEL_BYTES_MAX + 1);
	assert_int_equal(label_parse_base64(&f->arena, str_make(at, 4 * LABEL_BYTES_MAX), &f->options, &label), TRUNK_EINVAL);
	assert_int_equal(label_parse_base64(&f->arena, str_make(at, 4 * LABEL_BYTES_MAX + 1), &f->options, &label),
			 TRUNK_ELIMIT);
}

static void so_many_categories(void **state)
{
	struct fixture *f = *state;
	struct label label;

	for (unsigned count = LABEL_CATEGORIES_MAX; count <= LABEL_CATEGORIES_MAX + 1; count++) {
		struct buf set = {0}, inner = {0}, all = {0};

		for (unsigned i = 0; i < count; i++)
			assert_int_equal(buf_add(&set, hex(f, "30 08 80 02 2A 03 A1 02 05 00")), 0);
		buf_add(&inner, hex(f, "02 01 03 " FARM_OID));
		der_add(&inner, BER_SET, buf_str(&set));
		der_add(&all, BER_SET, buf_str(&inner));
		assert_int_equal(parse(f, buf_str(&all), &label), count == LABEL_CATEGORIES_MAX ? 0 : TRUNK_ELIMIT);
		buf_fini(&set);
		buf_fini(&inner);
		buf_fini(&all);
	}
}

/* Counted in characters, not in octets. */
static void a_privacy_mark_has_128_characters(void **state)
{
	struct fixture *f = *state;
	struct label label;

	for (unsigned count = LABEL_PRIVACY_MARK_MAX; count <= LABEL_PRIVACY_MARK_MAX + 1; count++) {
		struct buf mark = {0}, inner = {0}, all = {0};

		for (unsigned i = 0; i < count; i++)
			buf_add_cstr(&mark, "\xc3\xa4");
		buf_add(&inner, hex(f, "02 01 03 " FARM_OID));
		der_add(&inner, BER_UTF8, buf_str(&mark));
		der_add(&all, BER_SET, buf_str(&inner));
		assert_int_equal(parse(f, buf_str(&all), &label), count == LABEL_PRIVACY_MARK_MAX ? 0 : TRUNK_ELIMIT);
		buf_fini(&mark);
		buf_fini(&inner);
		buf_fini(&all);
	}
}

/* X.841 lets a label name no policy: then only the configuration can. */
static void a_default_policy_reads_labels_without_one(void **state)
{
	struct fixture *f = *state;
	struct label_options options = f->options;
	struct label label;

	options.default_policy = f->farm;
	assert_int_equal(label_parse_base64(&f->arena, str_of(label_vectors[L6]), &options, &label), 0);
	assert_string_equal(in_words(f, &label), "FARM: GUARDED");
	assert_int_equal(label_parse_base64(&f->arena, STR("MQYCAQQGASk="), &options, &label), 0);
	assert_string_equal(reason(f, label.fault), "no-policy");       /* it names another one */
	options = (struct label_options){0};
	assert_int_equal(label_parse_base64(&f->arena, str_of(label_vectors[L1]), &options, &label), 0);
	assert_string_equal(reason(f, label.fault), "no-policy");
}

/* A policy of the older family, with tags of every kind. */
static void both_families_are_written_so_that_they_read_back(void **state)
{
	static const char *const families[] = {"3", "1"};
	struct fixture *f = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct label_policies *policies = label_policies_new();
		const struct label_options options = {.policies = policies};
		struct buf spif = {0};
		struct label label;
		const char *words = "T: S; A=Bit,Big; B=One,Other; C=Three; D=Four,Wide; E=Five; G=Six";

		buf_addf(&spif,
			 "<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1' rbacId='2.16.840.1.101.2.1.8.%s'>"
			 "<securityPolicyId name='T' id='1.2.3'/>" CLASSES SETS(
				 SET("A", "1.2.3.1",
				     TAG("a", "tagType='restrictive'", VALUE("Bit", "0", "") VALUE("Big", "1023", "")))
					 SET("B", "1.2.3.2",
					     TAG("b", "tagType='permissive'", VALUE("One", "3", "") VALUE("Other", "9", "")))
						 SET("C", "1.2.3.3",
						     TAG("c", "tagType='enumerated' enumType='restrictive'",
							 VALUE("Three", "300",
							       ""))) SET("D", "1.2.3.4",
									 TAG("d", "tagType='enumerated' enumType='permissive'",
									     VALUE("Four", "128", "")
										     VALUE("Wide", "4294967295", "")))
							 SET("E", "1.2.3.5",
							     TAG("e", "tagType='tagType7' tag7Encoding='bitSetAttributes'",
								 VALUE("Five", "5", "")))
								 SET("G", "1.2.3.6",
								     TAG("g",
									 "tagType='tagType7' tag7Encoding='securityAttributes'",
									 VALUE("Six", "6", "")))) "</SPIF>",
			 families[i]);
		assert_int_equal(label_policies_add(policies, "x", buf_str(&spif), NULL, NULL), 0);
		assert_int_equal(
			label_parse_base64(&f->arena, str_of(base64(f, words_in(f, &options, words))), &options, &label), 0);
		assert_true(label_same(&label, words_in(f, &options, words)));
		assert_string_equal(in_words(f, &label), words);
		buf_fini(&spif);
		label_policies_free(&policies);
	}
}

/* [2] is what the SPIF says; where that has both kinds under one number, nobody can say which is meant. */
static void a_number_that_means_two_values_is_unknown(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	struct label label;

	policy_add(policies, SPIF(CLASSES SETS(SET("A", "1.2.3.1",
		TAG("Must", "tagType='enumerated' enumType='restrictive'", VALUE("X", "1", "") VALUE("Y", "2", ""))
		TAG("May", "tagType='enumerated' enumType='permissive'", VALUE("Z", "1", ""))))));
	for (unsigned lacv = 1; lacv <= 2; lacv++) {
		char digits[256];

		snprintf(digits, sizeof(digits),
			 "31 2A 02 01 01 06 02 2A 03 31 21 30 1F 80 09 60 86 48 01 65 02 01 08 01 A1 12 31 10"
			 " 30 0E 06 03 2A 03 01 30 07 A2 05 31 03 02 01 %02x",
			 lacv);
		assert_int_equal(label_parse_der(&f->arena, hex(f, digits), &options, &label), 0);
		assert_string_equal(reason(f, label.fault), lacv == 1 ? "invalid:value" : "granted");
	}
	label_policies_free(&policies);
}

/* Two tags of one set share one bit string; the lacv tells which tag a bit is of. */
static void tags_of_one_set_share_their_bits(void **state)
{
	struct fixture *f = *state;
	struct label_policies *policies = label_policies_new();
	const struct label_options options = {.policies = policies};
	struct label label;

	policy_add(policies, SPIF(CLASSES SETS(SET("Taste", "1.2.3.1",
		TAG("Texture", "tagType='permissive'", VALUE("Crunchy", "0", "") VALUE("Chewy", "1", ""))
		TAG("Flavour", "tagType='permissive'", VALUE("Sweet", "3", ""))))));
	assert_int_equal(label_parse_base64(&f->arena,
					    str_of(base64(f, words_in(f, &options, "TEST: U; Texture=Chewy; Flavour=Sweet"))),
					    &options, &label),
			 0);
	assert_string_equal(in_words(f, &label), "TEST: U; Texture=Chewy; Flavour=Sweet");
	assert_string_equal(base64(f, &label), "MSQCAQEGAioDMRswGYAKYIZIAWUCAQgDAqELMAkGAyoDAQMCBFA=");
	label_policies_free(&policies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_are_read),
		TEST(vectors_are_written_as_they_were),
		TEST(the_examples_of_the_standard_are_of_no_policy),
		TEST(elements_stand_in_any_order),
		TEST(what_is_no_label_is_malformed),
		TEST(categories_of_the_common_family),
		TEST(categories_of_the_older_family),
		TEST(a_tag_stands_once),
		TEST(limits_hold),
		TEST(a_label_has_a_size),
		TEST(so_many_categories),
		TEST(a_privacy_mark_has_128_characters),
		TEST(a_default_policy_reads_labels_without_one),
		TEST(both_families_are_written_so_that_they_read_back),
		TEST(a_number_that_means_two_values_is_unknown),
		TEST(tags_of_one_set_share_their_bits),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}

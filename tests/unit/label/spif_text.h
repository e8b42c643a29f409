/* SPDX-License-Identifier: Apache-2.0
 * Small policies as literals. */
#ifndef TRUNK_TEST_LABEL_SPIF_TEXT_H
#define TRUNK_TEST_LABEL_SPIF_TEXT_H

#define POLICY_ID "<securityPolicyId name='TEST' id='1.2.3'/>"
#define SPIF_NAMED(name, id, content)                                                                                          \
	"<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'><securityPolicyId name='" name "' id='" id              \
	"'/>" content "</SPIF>"
#define SPIF(content) SPIF_NAMED("TEST", "1.2.3", content)
#define CLASS_LIST(classes) "<securityClassifications>" classes "</securityClassifications>"
#define CLASS(name, lacv, content) \
	"<securityClassification name='" name "' lacv='" lacv "' hierarchy='" lacv "'>" content "</securityClassification>"
#define CLASSES CLASS_LIST(CLASS("U", "1", "") CLASS("S", "2", ""))
#define SETS(sets) "<securityCategoryTagSets>" sets "</securityCategoryTagSets>"
#define SET(name, id, content) "<securityCategoryTagSet name='" name "' id='" id "'>" content "</securityCategoryTagSet>"
#define TAG(name, attributes, content) "<securityCategoryTag name='" name "' " attributes ">" content "</securityCategoryTag>"
#define VALUE(name, lacv, content) "<tagCategory name='" name "' lacv='" lacv "'>" content "</tagCategory>"

/* A policy of one restrictive tag with the values X (which holds `content`) and Y, and another policy O. */
#define RULE(content) \
	SPIF(CLASSES SETS(SET("A", "1.2.3.1", TAG("T", "tagType='restrictive'", VALUE("X", "1", content) VALUE("Y", "2", \
		"")))) \
	     "<equivalentPolicies><equivalentPolicy name='O' id='1.2.9'/></equivalentPolicies>")

#endif

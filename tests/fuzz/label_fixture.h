/* SPDX-License-Identifier: Apache-2.0
 * Two policies that know each other and clearances under them, for the targets that read labels. Made once. */
#ifndef TRUNK_FUZZ_LABEL_FIXTURE_H
#define TRUNK_FUZZ_LABEL_FIXTURE_H

#include "label/check.h"

#include <stdlib.h>

#define FUZZ_SPIF(name, id, content) \
	"<SPIF xmlns='http://www.xmlspif.org/spif' schemaVersion='2.1'><securityPolicyId name='" name "' id='" id "'/>" \
	content "</SPIF>"

static const char fuzz_farm[] = FUZZ_SPIF(
	"FARM", "1.3.6.1.4.1.32473.77.1",
	"<securityClassifications><securityClassification name='OPEN' lacv='1' hierarchy='1' "
	"color='white'><equivalentClassification "
	"policyRef='MILL' lacv='1' applied='both'/></securityClassification><securityClassification name='GUARDED' lacv='3' "
	"hierarchy='2' "
	"color='yellow'><equivalentClassification policyRef='MILL' lacv='5' "
	"applied='both'/></securityClassification><securityClassification "
	"name='SEALED' lacv='4' hierarchy='3' color='red'/></securityClassifications><securityCategoryTagSets>"
	"<securityCategoryTagSet name='Compartment' id='1.3.6.1.4.1.32473.77.1.1'><securityCategoryTag name='Compartment' "
	"tagType='restrictive'>"
	"<tagCategory name='ORCHID' lacv='0'><equivalentSecCategoryTag policyRef='MILL' tagSetId='1.3.6.1.4.1.32473.77.2.1' "
	"tagType='restrictive' "
	"lacv='4' applied='both'/></tagCategory><tagCategory name='TULIP' "
	"lacv='1'><excludedClass>OPEN</excludedClass></tagCategory>"
	"</securityCategoryTag></securityCategoryTagSet><securityCategoryTagSet name='Releasable To' "
	"id='1.3.6.1.4.1.32473.77.1.2'>"
	"<securityCategoryTag name='Releasable To' tagType='enumerated' enumType='permissive'><tagCategory name='XAA' lacv='1'>"
	"<equivalentSecCategoryTag policyRef='MILL' tagSetId='1.3.6.1.4.1.32473.77.2.2' tagType='enumerated' "
	"enumType='permissive' lacv='11' "
	"applied='both'/></tagCategory><tagCategory name='XBB' lacv='2'><equivalentSecCategoryTag policyRef='MILL' "
	"tagSetId='1.3.6.1.4.1.32473.77.2.2' tagType='enumerated' enumType='permissive' lacv='12' "
	"applied='both'/></tagCategory><tagCategory "
	"name='XCC' lacv='300'/></securityCategoryTag></securityCategoryTagSet><securityCategoryTagSet name='Admin' "
	"id='1.3.6.1.4.1.32473.77.1.3'><securityCategoryTag name='Admin' tagType='tagType7' "
	"tag7Encoding='bitSetAttributes'><tagCategory "
	"name='STAFF' "
	"lacv='0'/></securityCategoryTag></securityCategoryTagSet></"
	"securityCategoryTagSets><equivalentPolicies><equivalentPolicy "
	"name='MILL' id='1.3.6.1.4.1.32473.77.2'/></equivalentPolicies>");

static const char fuzz_mill[] = FUZZ_SPIF(
	"MILL", "1.3.6.1.4.1.32473.77.2",
	"<securityClassifications><securityClassification name='LOW' lacv='1' hierarchy='1'/><securityClassification "
	"name='HIGH' lacv='5' "
	"hierarchy='2'/></securityClassifications><securityCategoryTagSets><securityCategoryTagSet name='Project' "
	"id='1.3.6.1.4.1.32473.77.2.1'><securityCategoryTag name='Project' tagType='restrictive'><tagCategory name='P4' "
	"lacv='4'/>"
	"</securityCategoryTag></securityCategoryTagSet><securityCategoryTagSet name='Release' id='1.3.6.1.4.1.32473.77.2.2'>"
	"<securityCategoryTag name='Release' tagType='enumerated' enumType='permissive'><tagCategory name='R11' "
	"lacv='11'/><tagCategory "
	"name='R12' lacv='12'/></securityCategoryTag></securityCategoryTagSet></securityCategoryTagSets>");

struct fuzz_labels {
	struct label_policies *policies;
	struct label_options options;
	struct label_clearance *all, *open, *mill;      /* of everything in FARM, of its lowest class, of MILL */
};

static inline void need(bool is_so)
{
	if (!is_so)
		abort();
}

static inline struct label_clearance *fuzz_clearance(const struct label_policies *policies, const char *words)
{
	struct label_clearance *clearance = NULL;
	char why[LABEL_WHY_SIZE];

	need(label_clearance_parse(policies, str_of(words), &clearance, why) == 0);
	return clearance;
}

static inline const struct fuzz_labels *fuzz_labels(void)
{
	static struct fuzz_labels labels;

	if (labels.policies)
		return &labels;
	need((labels.policies = label_policies_new()) != NULL);
	need(label_policies_add(labels.policies, "farm", str_of(fuzz_farm), NULL, NULL) == 0);
	need(label_policies_add(labels.policies, "mill", str_of(fuzz_mill), NULL, NULL) == 0);
	labels.all = fuzz_clearance(labels.policies,
				    "FARM: OPEN,GUARDED,SEALED; Compartment=ORCHID,TULIP; Releasable To=XAA,XBB,XCC");
	labels.open = fuzz_clearance(labels.policies, "FARM: OPEN");
	labels.mill = fuzz_clearance(labels.policies, "MILL: LOW,HIGH; Project=P4; Release=R11,R12");
	labels.options = (struct label_options){.policies = labels.policies, .has_clock = true, .wall_ms = 1780272000000};
	return &labels;
}

#endif

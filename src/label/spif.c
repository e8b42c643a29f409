/* SPDX-License-Identifier: Apache-2.0
 * Reads a SPIF into a policy, in the order in which its parts need each other. */
#include "label/ber_internal.h"
#include "label/spif_internal.h"
#include "label/xml_file_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBLEM_BYTES = 512, SPENT_BYTES = 64 << 10 };

static void __attribute__((format(printf, 4, 0)))
spif_tell(struct spif *spif, const struct xml_node *node, bool is_error, const char *format, va_list args)
{
	char element[PROBLEM_BYTES] = "", text[PROBLEM_BYTES];
	const struct str name = xml_node_attr(node, "name");

	if (!spif->problem)
		return;
	if (node && str_is_absent(name))
		snprintf(element, sizeof(element), "%.*s", STR_ARG(str_until(node->name, 100)));
	else if (node)
		snprintf(element, sizeof(element), "%.*s \"%.*s\"", STR_ARG(str_until(node->name, 100)),
			 STR_ARG(str_until(name, 100)));
	vsnprintf(text, sizeof(text), format, args);
	spif->problem(spif->ctx,
		      &(struct label_problem){.is_error = is_error, .file = spif->file, .element = element, .text = text});
}

int spif_fail(struct spif *spif, const struct xml_node *node, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	spif_tell(spif, node, true, format, args);
	va_end(args);
	return err;
}

void spif_warn(struct spif *spif, const struct xml_node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	spif_tell(spif, node, false, format, args);
	va_end(args);
}

int spif_phrase(struct spif *spif, const struct xml_node *node, const char *attr, struct str *ret_text)
{
	const struct str value = xml_node_attr(node, attr);

	*ret_text = STR_NONE;
	if (str_is_absent(value))
		return 0;
	if (value.len > LABEL_PHRASE_BYTES_MAX)
		return spif_fail(spif, node, TRUNK_ELIMIT, "%s is longer than %d bytes; shorten it", attr,
				 LABEL_PHRASE_BYTES_MAX);
	*ret_text = arena_str(&spif->policy->arena, value);
	return str_is_absent(*ret_text) ? spif_fail(spif, node, TRUNK_ENOMEM, "no memory") : 0;
}

int spif_name(struct spif *spif, const struct xml_node *node, const char *attr, struct str *ret_name)
{
	int err;

	if ((err = spif_phrase(spif, node, attr, ret_name)) < 0)
		return err;
	return ret_name->len > 0 ? 0 : spif_fail(spif, node, TRUNK_EINVAL, "%s is missing or empty; give one", attr);
}

int spif_oid(struct spif *spif, const struct xml_node *node, const char *attr, struct str *ret_id, struct str *ret_oid)
{
	int err;

	if ((err = spif_name(spif, node, attr, ret_id)) < 0)
		return err;
	if ((err = oid_of_text(&spif->policy->arena, *ret_id, ret_oid)) < 0)
		return spif_fail(spif, node, err, "%s is no object identifier; write one such as 1.3.6.1.4.1.32473.77.1", attr);
	return 0;
}

int spif_number(struct spif *spif, const struct xml_node *node, const char *attr, uint32_t max, uint32_t *ret_number)
{
	const struct str value = str_trim(xml_node_attr(node, attr));
	uint64_t number;

	if (str_number(value, max, &number) < 0)
		return spif_fail(spif, node, TRUNK_EINVAL, "%s is no number from 0 to %u; give one", attr, max);
	*ret_number = (uint32_t)number;
	return 0;
}

int spif_flag(struct spif *spif, const struct xml_node *node, const char *attr, bool *ret_flag)
{
	const struct str value = str_trim(xml_node_attr(node, attr));

	*ret_flag = str_is(value, "true") || str_is(value, "1");
	if (*ret_flag || str_is_absent(value) || str_is(value, "false") || str_is(value, "0"))
		return 0;
	return spif_fail(spif, node, TRUNK_EINVAL, "%s is neither true nor false; write one of the two", attr);
}

int spif_kinds(struct spif *spif, const struct xml_node *node, unsigned *ret_kinds)
{
	const struct str type = xml_node_attr(node, "tagType"), enumeration = xml_node_attr(node, "enumType");

	*ret_kinds = 0;
	if (str_is(type, "restrictive"))
		*ret_kinds = 1u << KIND_RESTRICTIVE;
	else if (str_is(type, "permissive"))
		*ret_kinds = 1u << KIND_PERMISSIVE;
	else if (str_is(type, "tagType7"))
		*ret_kinds = KINDS_INFO;
	else if (str_is(type, "enumerated") && str_is(enumeration, "restrictive"))
		*ret_kinds = 1u << KIND_ENUM_RESTRICTIVE;
	else if (str_is(type, "enumerated") && str_is(enumeration, "permissive"))
		*ret_kinds = 1u << KIND_ENUM_PERMISSIVE;
	if (*ret_kinds)
		return 0;
	return spif_fail(spif, node, TRUNK_EINVAL,
			 "tagType is none of restrictive, permissive, enumerated (with enumType restrictive or "
			 "permissive) and tagType7; give one");
}

static int spif_head(struct spif *spif, const struct xml_node *root)
{
	const struct xml_node *id = xml_node_child(root, NS_SPIF, "securityPolicyId"),
		*other = xml_node_child(root, NS_SPIF, "defaultSecurityPolicyId");
	const struct str version = xml_node_attr(root, "schemaVersion"), family = xml_node_attr(root, "rbacId");
	struct label_policy *policy = spif->policy;
	struct str oid;
	int err;

	if (!str_is(version, "2.0") && !str_is(version, "2.1"))
		return spif_fail(spif, root, TRUNK_EINVAL,
				 "schemaVersion is \"%.*s\", and this program reads 2.0 and 2.1 alone; convert the file",
				 STR_ARG(str_is_absent(version) ? STR("") : version));
	if (!id || xml_node_next(id, NS_SPIF, "securityPolicyId"))
		return spif_fail(spif, root, TRUNK_EINVAL, "there must be one securityPolicyId");
	if ((err = spif_name(spif, id, "name", &policy->name)) < 0 ||
	    (err = spif_oid(spif, id, "id", &policy->id, &policy->oid)) < 0 ||
	    (err = spif_marking(spif, id, &policy->name_marking)) < 0)
		return err;
	if (other && (err = spif_oid(spif, other, "id", &policy->default_id, &oid)) < 0)
		return err;
	policy->family = str_is(family, "2.16.840.1.101.2.1.8.1") ? FAMILY_MISSI : FAMILY_COMMON;
	if (!str_is_absent(family) && policy->family == FAMILY_COMMON && !str_is(family, "2.16.840.1.101.2.1.8.3"))
		spif_warn(spif, root, "rbacId is of no family of categories that is known; labels are written with those of "
			  "2.16.840.1.101.2.1.8.3");
	return spif_marking(spif, root, &policy->marking);
}

static int spif_read(struct spif *spif, const struct xml_node *root)
{
	int err;

	if (!str_is(root->ns, NS_SPIF) || !str_is(root->name, "SPIF"))
		return spif_fail(spif, root, TRUNK_EINVAL,
				 "is not SPIF in namespace " NS_SPIF "; this is no policy, or one without xmlns");
	if ((err = spif_shape_check(spif, root)) < 0 || (err = spif_head(spif, root)) < 0 ||
	    (err = spif_classes(spif, root)) < 0 || (err = spif_sets(spif, root)) < 0 || (err = spif_others(spif, root)) < 0 ||
	    (err = spif_rules(spif, root)) < 0)
		return err;
	return policy_index_arriving(spif->policy) < 0 ? spif_fail(spif, root, TRUNK_ENOMEM, "no memory") : 0;
}

/* Whether the arena refused because of its limit; what it is asked for at once is far less than this. */
static bool is_spent(const struct arena *arena)
{
	return arena->limit - arena->used < SPENT_BYTES;
}

static void policy_free(struct label_policy **policy)
{
	if (*policy)
		arena_fini(&(*policy)->arena);
	free(*policy);
	*policy = NULL;
}

static int policies_put(struct spif *spif, struct label_policies *policies)
{
	const struct label_policy *policy = spif->policy;

	if (label_policies_by_name(policies, policy->name) || policies_by_oid(policies, policy->oid))
		return spif_fail(spif, NULL, TRUNK_EEXIST,
				 "a policy of name \"%.*s\" or id %.*s is loaded already; name only one of the files",
				 STR_ARG(policy->name), STR_ARG(policy->id));
	policies->policies[policies->count++] = spif->policy;
	spif->policy = NULL;
	return 0;
}

int label_policies_add(struct label_policies *policies, const char *file, struct str text, label_problem_fn *problem, void *ctx)
{
	struct spif spif = {.file = file, .problem = problem, .ctx = ctx, .tree = {.limit = LABEL_SPIF_MEMORY_MAX}};
	struct xml_node *root = NULL;
	int err;

	if (policies->count == LABEL_POLICIES_MAX)
		return spif_fail(&spif, NULL, TRUNK_ELIMIT, "more than %d policies; leave some out", LABEL_POLICIES_MAX);
	if (!(spif.policy = calloc(1, sizeof(*spif.policy))))
		return TRUNK_ENOMEM;
	spif.policy->arena.limit = LABEL_SPIF_MEMORY_MAX;
	err = xml_file_parse(&spif.tree, text, LABEL_SPIF_BYTES_MAX, LABEL_SPIF_DEPTH_MAX, &root);
	if (err == TRUNK_ENOMEM && is_spent(&spif.tree))
		err = TRUNK_ELIMIT;
	if (err < 0)
		spif_fail(&spif, NULL, err, "%s", error_text(err));
	else if ((err = spif_read(&spif, root)) == 0)
		err = policies_put(&spif, policies);
	policy_free(&spif.policy);
	arena_fini(&spif.tree);
	return err;
}

struct label_policies *label_policies_new(void)
{
	return calloc(1, sizeof(struct label_policies));
}

void label_policies_free(struct label_policies **policies)
{
	for (unsigned i = 0; *policies && i < (*policies)->count; i++)
		policy_free(&(*policies)->policies[i]);
	free(*policies);
	*policies = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 * Label policies, clearances and default labels: from words and files to what decisions are made by. */
#include "config/load.h"

#include "label/check.h"

#include <errno.h>
#include <stdio.h>

enum { CLEARANCE_FILE_BYTES_MAX = 256 * 1024 };

/* ---- files ---- */

static const char *file_why(int err)
{
	return err == ENOENT ? "there is no such file" : err == EFBIG ? "it is too large" : err == ENOMEM ? "no memory" : "it cannot be read";
}

/* All of a file. 0, or what errno would say. */
static int file_read(const char *path, size_t limit, struct buf *out)
{
	FILE *file = fopen(path, "re");
	char piece[16 * 1024];
	size_t len;
	int err = file ? 0 : errno;

	while (err == 0 && (len = fread(piece, 1, sizeof(piece), file)) > 0)
		err = buf_len(out) + len > limit ? EFBIG : buf_add(out, str_make(piece, len)) < 0 ? ENOMEM : 0;
	if (err == 0 && ferror(file))
		err = EIO;
	if (file)
		fclose(file);
	return err;
}

/* ---- policies ---- */

struct spif_load {
	struct load *load;
	struct place place;             /* in the configuration */
};

static void on_problem(void *ctx, const struct label_problem *problem)
{
	struct spif_load *spif = ctx;
	struct problems *problems = &spif->load->problems;
	void (*tell)(struct problems *, struct place, const char *, ...) PROBLEM_FORMAT =
		problem->is_error ? problem_error : problem_warning;

	tell(problems, spif->place, "label policy \"%.*s\": %.*s%s%s", STR_ARG(quote(str_of(problem->file))),
	     STR_ARG(quote(str_of(problem->element))), *problem->element ? ": " : "", problem->text);
}

static void policy_add(struct load *load, const char *path, const struct node *node)
{
	struct spif_load spif = {load, node->place};
	struct buf text = {0};
	const unsigned errors = load->problems.errors;
	int err = file_read(path, LABEL_SPIF_BYTES_MAX + 1, &text);

	if (err)
		problem_error(&load->problems, node->place, "label policy \"%.*s\": %s", STR_ARG(quote(str_of(path))), file_why(err));
	else if ((err = label_policies_add(load->config->label_policies, path, buf_str(&text), on_problem, &spif)) == TRUNK_ENOMEM)
		load->problems.is_out_of_memory = true;
	else if (err < 0 && load->problems.errors == errors)
		problem_error(&load->problems, node->place, "label policy \"%.*s\": %s", STR_ARG(quote(str_of(path))), error_text(err));
	buf_fini(&text);
}

static const struct node *labels_node(const struct load *load, const char *key)
{
	const struct node *labels = node_find(load->root, "labels");

	return labels ? node_find(labels, key) : NULL;
}

static void policies_build(struct load *load)
{
	const char *const *path = load->config->label_files;
	const struct node *node = labels_node(load, "policy");

	if (!path || !node)
		return;
	if (!(load->config->label_policies = label_policies_new())) {
		load->problems.is_out_of_memory = true;
		return;
	}
	load->config->labels.policies = load->config->label_policies;
	if (node->kind == NODE_SCALAR)
		policy_add(load, *path, node);
	else
		for (node = node->first; node && *path; node = node->next)
			policy_add(load, *path++, node);
}

/* ---- clearances and labels as they are written ---- */

/* Whether labels are on; what is set without them is told. */
static bool is_on(struct load *load, const char *path, struct place place)
{
	if (!load->config->label_files && place.file)
		problem_error(&load->problems, place, "\"%s\" is about labels, which are off; set \"labels.policy\" or remove it", path);
	return load->config->label_policies != NULL;
}

static bool starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The bytes behind "file:"; false: told. */
static bool file_of(struct load *load, const char *path, struct place place, const char *text, struct buf *out)
{
	const char *name = path_resolve(&load->tree.arena, place.file ? place.file : load->config->file, str_of(text + strlen("file:")));
	int err;

	if (!name) {
		load->problems.is_out_of_memory = true;
		return false;
	}
	if ((err = file_read(name, CLEARANCE_FILE_BYTES_MAX, out)) == 0)
		return true;
	problem_error(&load->problems, place, "\"%s\": \"%.*s\": %s", path, STR_ARG(quote(str_of(name))), file_why(err));
	return false;
}

static void tell_clearance(struct load *load, const char *path, struct place place, const struct label_clearance *clearance)
{
	if (label_clearance_is_void(clearance))
		problem_warning(&load->problems, place, "\"%s\" holds no classification, so nobody can satisfy it and nothing passes", path);
	else if (label_clearance_surplus(clearance))
		problem_warning(&load->problems, place, "\"%s\" holds %u values that its policy does not have; they give nothing", path,
				label_clearance_surplus(clearance));
}

/* NULL: refused and told, or labels are off. */
static const struct label_clearance *clearance_read(struct load *load, const char *path, struct place place, const char *text)
{
	struct config *config = load->config;
	struct label_clearance *clearance = NULL;
	char why[LABEL_WHY_SIZE] = "";
	struct buf bytes = {0};
	int err;

	if (!text || !is_on(load, path, place))
		return NULL;
	if (!starts(text, "file:"))
		err = label_clearance_parse(config->label_policies, str_of(text), &clearance, why);
	else if (file_of(load, path, place, text, &bytes))
		err = label_clearance_read(config->label_policies, buf_str(&bytes), &clearance, why);
	else
		return NULL;
	buf_fini(&bytes);
	if (err == TRUNK_ENOMEM)
		load->problems.is_out_of_memory = true;
	else if (err < 0)
		problem_error(&load->problems, place, "\"%s\": %s", path, *why ? why : error_text(err));
	if (err < 0)
		return NULL;
	tell_clearance(load, path, place, clearance);
	return config->clearances[config->clearance_count++] = clearance;
}

static int label_of_bytes(struct arena *arena, struct str bytes, const struct label_options *options, struct label *label)
{
	static const struct xml_limits limits = {.element_bytes = LABEL_BYTES_MAX * 4, .depth = 64, .attributes = 64};
	const struct str text = str_trim(bytes);
	struct xml_node *node;
	int err;

	if (bytes.len && bytes.at[0] == 0x31)   /* SET */
		return label_parse_der(arena, bytes, options, label);
	if (text.len == 0 || text.at[0] != '<')
		return label_parse_base64(arena, text, options, label);
	err = xml_tree_parse(arena, text, NULL, &limits, &node);
	return err < 0 ? err : label_parse_node(arena, node, options, label);
}

static int label_of_text(struct load *load, const char *path, struct place place, const char *text, struct label *label,
			 char why[static LABEL_WHY_SIZE])
{
	const struct label_options options = {.policies = load->config->label_policies};
	struct arena *arena = &load->config->arena;
	struct buf bytes = {0};
	int err = TRUNK_EIO;

	if (starts(text, "ess:"))
		err = label_parse_base64(arena, str_of(text + strlen("ess:")), &options, label);
	else if (!starts(text, "file:"))
		err = label_parse_words(arena, str_of(text), &options, label, why);
	else if (file_of(load, path, place, text, &bytes))
		err = label_of_bytes(arena, buf_str(&bytes), &options, label);
	buf_fini(&bytes);
	return err;
}

/* A default label that is not valid would deny each message without a label, without a word. */
static bool label_is_good(struct load *load, const char *path, struct place place, const struct label *label)
{
	const struct label_options options = {.policies = load->config->label_policies};
	const struct label_decision decision = label_validate(label, &options);
	struct buf why = {0};

	if (decision.why == LABEL_GRANTED)
		return true;
	label_decision_write(&decision, &why);
	problem_error(&load->problems, place, "\"%s\" is no valid label of its policy (%.*s)", path, STR_ARG(quote(buf_str(&why))));
	buf_fini(&why);
	return false;
}

static const struct label *label_read(struct load *load, const char *path, struct place place, const char *text)
{
	char why[LABEL_WHY_SIZE] = "";
	struct label *label;
	int err;

	if (!text || !is_on(load, path, place) || !(label = config_alloc(load, sizeof(*label))))
		return NULL;
	if ((err = label_of_text(load, path, place, text, label, why)) == TRUNK_ENOMEM)
		load->problems.is_out_of_memory = true;
	else if (err < 0 && err != TRUNK_EIO)
		problem_error(&load->problems, place, "\"%s\": %s", path, *why ? why : error_text(err));
	return err == 0 && label_is_good(load, path, place, label) ? label : NULL;
}

/* ---- who has which ---- */

static struct place place_in(const struct node *map, const char *key, struct place otherwise)
{
	const struct node *node = map ? node_find(map, key) : NULL;

	return node ? node->place : otherwise;
}

static void zone_build(struct load *load, unsigned index)
{
	struct zone *zone = &load->zones[index];
	const struct node *node = load->zone_nodes[index];
	const struct place place = node ? node->key_place : (struct place){0};
	const char *path = path_join(load, "zones", zone->name);

	zone->clearance = clearance_read(load, path_join(load, path, "clearance"), place_in(node, "clearance", place), zone->clearance_text);
	zone->template.default_label = label_read(load, path_join(load, path, "default-label"), place_in(node, "default-label", place),
						  zone->template.default_label_text);
	zone->template.zone = zone;
}

/* What it has of its zone was read there. */
static void spoke_build(struct load *load, unsigned index)
{
	struct spoke *spoke = &load->spokes[index];
	const struct spoke_source *source = &load->spoke_sources[index];
	const struct place place = source->place;
	const char *path = path_join(load, "spokes", spoke->name);
	const bool has_own_label = source->node && node_find(source->node, "default-label");

	spoke->clearance = clearance_read(load, path_join(load, path, "clearance"), place_in(source->node, "clearance", place),
					  spoke->clearance_text);
	if (!has_own_label && spoke->zone)
		spoke->default_label = spoke->zone->template.default_label;
	else
		spoke->default_label = label_read(load, path_join(load, path, "default-label"),
						  place_in(source->node, "default-label", place), spoke->default_label_text);
}

static void addresses_build(struct load *load, const struct node *list)
{
	struct policy_labels *labels = &load->config->labels;
	struct address_clearance *addresses = config_alloc(load, (list->count + (size_t)1) * sizeof(*addresses));
	const struct field field = {.path = "clearances[].who"};

	for (const struct node *node = list->first; node && addresses; node = node->next) {
		struct clearance_source source = {0};
		struct address_clearance *one = &addresses[labels->address_count];

		section_fill(load, &CLEARANCE_SECTION, CLEARANCE_SECTION.path, node, &source);
		if (!source.who || !source.clearance ||
		    !address_read(load, &field, node_find(node, "who"), source.who, &one->local, &one->domain))
			continue;
		if ((one->clearance = clearance_read(load, "clearances[].clearance", place_in(node, "clearance", node->place), source.clearance)))
			labels->address_count++;
	}
	labels->addresses = addresses;
}

/* ---- what does not go together ---- */

static bool has_address(const struct load *load, const struct spoke *spoke)
{
	const struct policy_labels *labels = &load->config->labels;

	for (unsigned i = 0; i < labels->address_count; i++)
		for (unsigned j = 0; j < spoke->domain_count; j++)
			if (domain_fits(str_of(spoke->domains[j]), str_of(labels->addresses[i].domain)))
				return true;
	return false;
}

/* The classes of a clearance as words: what stands between the policy and the first ";". */
static struct str classes_of(const struct label_clearance *clearance, struct buf *words)
{
	struct str rest;

	buf_clear(words);
	if (label_clearance_write_words(clearance, words) < 0)
		return STR_NONE;
	rest = buf_str(words);
	str_cut(&rest, ':');
	return str_is_absent(rest) ? rest : str_cut(&rest, ';');
}

static bool has_class(struct str classes, struct str class_name)
{
	while (!str_is_absent(classes))
		if (str_eq(str_trim(str_cut(&classes, ',')), class_name))
			return true;
	return false;
}

static bool share_a_class(const struct label_clearance *a, const struct label_clearance *b)
{
	struct buf words_a = {0}, words_b = {0};
	struct str of_a = classes_of(a, &words_a);
	const struct str of_b = classes_of(b, &words_b);
	bool is_shared = str_is_absent(of_a) || str_is_absent(of_b);

	while (!is_shared && !str_is_absent(of_a))
		is_shared = has_class(of_b, str_trim(str_cut(&of_a, ',')));
	buf_fini(&words_a);
	buf_fini(&words_b);
	return is_shared;
}

static void check_spoke(struct load *load, unsigned index)
{
	const struct spoke *spoke = &load->spokes[index];
	const struct spoke_source *source = &load->spoke_sources[index];
	const struct label_options options = {.policies = load->config->label_policies};
	const struct label_clearance *of_zone = spoke->zone ? spoke->zone->clearance : NULL;
	struct arena scratch = {0};

	if (!spoke->clearance && !of_zone && !has_address(load, spoke))
		problem_warning(&load->problems, source->place,
				"spoke \"%s\" has no clearance, nor has its zone; with labels on no message passes to or from it", spoke->name);
	if (spoke->clearance && of_zone && label_clearance_policy(spoke->clearance) == label_clearance_policy(of_zone) &&
	    !share_a_class(spoke->clearance, of_zone))
		problem_warning(&load->problems, place_in(source->node, "clearance", source->place),
				"the clearance of spoke \"%s\" shares no classification with that of its zone \"%s\" (line %u); no label satisfies "
				"both",
				spoke->name, spoke->zone->name, spoke->zone->line);
	if (spoke->default_label && spoke->clearance &&
	    label_decide(&scratch, spoke->default_label, spoke->clearance, &options).why != LABEL_GRANTED)
		problem_warning(&load->problems, place_in(source->node, "default-label", source->place),
				"the default label of spoke \"%s\" is not within its own clearance; messages without a label will not pass",
				spoke->name);
	arena_fini(&scratch);
}

void labels_build(struct load *load)
{
	struct config *config = load->config;
	const struct node *rows = node_find(load->root, "clearances");
	const size_t most = config->spoke_count + config->zone_count + (rows ? rows->count : 0) + (size_t)1;

	policies_build(load);
	if (!(config->clearances = config_alloc(load, most * sizeof(struct label_clearance *))))
		return;
	for (unsigned i = 0; i < config->zone_count; i++)
		zone_build(load, i);
	for (unsigned i = 0; i < config->spoke_count; i++)
		spoke_build(load, i);
	if (rows && rows->kind == NODE_LIST)
		addresses_build(load, rows);
	for (unsigned i = 0; config->label_policies && i < config->spoke_count; i++)
		check_spoke(load, i);
}

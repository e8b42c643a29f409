/* SPDX-License-Identifier: Apache-2.0
 * The border between the daemon and code that others wrote. */
#include "filter/fold.h"
#include "filter/look.h"
#include "filter/module.h"

#include "trunk/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct module {
	struct trunk_host host;         /* first: what modules are given leads back here */
	const struct filter_source *source;
	struct log *log;
	void *object;                   /* of dlopen() */
	const struct trunk_module *code;
	struct trunk_setting *settings;
	void *context;
	bool is_started;
	pthread_mutex_t log_lock;
	struct log_allowance says;
};

/* What the host's functions need of a stanza. */
struct asked {
	const struct filter_view *view;
	struct arena *scratch;
};

/* ---- what modules may call ---- */

static struct trunk_str trunk_str_of(struct str s)
{
	return (struct trunk_str){s.at, s.len};
}

static int write_text(const struct asked *asked, const struct xml_node *tree, enum trunk_text which, struct buf *out)
{
	unsigned count;

	switch (which) {
	case TRUNK_TEXT_BODY: return look_children(tree, "body", out, &count);
	case TRUNK_TEXT_SUBJECT: return look_children(tree, "subject", out, &count);
	case TRUNK_TEXT_ALL: return look_text(asked->view, tree, STR(""), out);
	case TRUNK_TEXT_ALL_APART:
	case TRUNK_TEXT_FOLDED: return look_text(asked->view, tree, STR(" "), out);
	case TRUNK_TEXT_VALUES: return look_values(asked->view, tree, out);
	case TRUNK_TEXT_XML: return xml_tree_write(tree, NULL, out);
	}
	return TRUNK_EINVAL;
}

static struct trunk_str host_text(const struct trunk_stanza *stanza, enum trunk_text which)
{
	const struct asked *asked = stanza->host;
	const struct xml_node *tree = asked->view->tree(asked->view->ctx);
	struct buf out = {0}, folded = {0};
	struct str text = STR_NONE;

	if (tree && write_text(asked, tree, which, &out) == 0 &&
	    (which != TRUNK_TEXT_FOLDED || fold_text(buf_str(&out), 0, &folded) == 0))
		text = arena_str(asked->scratch, buf_str(which == TRUNK_TEXT_FOLDED ? &folded : &out));
	buf_fini(&out);
	buf_fini(&folded);
	return trunk_str_of(text);
}

static unsigned host_payload(const struct trunk_stanza *stanza, const char *ns, const char *name, struct trunk_str *ret_text)
{
	const struct asked *asked = stanza->host;
	const struct xml_node *tree = asked->view->tree(asked->view->ctx), *node = xml_node_child(tree, ns, name);
	struct buf out = {0};
	unsigned count = 0;

	if (node && ret_text) {
		*ret_text = (struct trunk_str){NULL, 0};
		if (look_node_text(node, STR(""), &out) == 0)
			*ret_text = trunk_str_of(arena_str(asked->scratch, buf_str(&out)));
		buf_fini(&out);
	}
	for (; node; node = xml_node_next(node, ns, name))
		count++;
	return count;
}

static void host_log(const struct trunk_host *host, const char *text)
{
	struct module *module = (struct module *)(uintptr_t)host;
	unsigned withheld;
	bool may;

	pthread_mutex_lock(&module->log_lock);
	may = log_allowance_take(&module->says, &withheld);
	pthread_mutex_unlock(&module->log_lock);
	if (may && module->log)
		LOG(module->log, LOG_NOTICE, "filter-says", KV_C("filter", module->source->name), KV_C("text", text), KV_N("withheld", withheld));
}

/* ---- life ---- */

static int check_code(const struct module *module, char *why, size_t why_size)
{
	const struct trunk_module *code = module->code;

	if (!code)
		snprintf(why, why_size, "has no symbol \"" TRUNK_MODULE_SYMBOL "\"; see docs/modules.md");
	else if (code->abi != TRUNK_MODULE_ABI)
		snprintf(why, why_size, "was built for version %u of the interface, and this trunkd has %u; build it with this trunkd's "
			 "trunk/module.h", (unsigned)code->abi, (unsigned)TRUNK_MODULE_ABI);
	else if (code->size < sizeof(*code) || !code->name || !code->version || !code->start || !code->judge)
		snprintf(why, why_size, "does not fill its struct trunk_module: size, name, version, start and judge have to be set");
	else
		return 0;
	return TRUNK_EINVAL;
}

static int start_code(struct module *module, char *why, size_t why_size)
{
	char said[SCRIPT_WHY_SIZE] = "";
	const int err = module->code->start(&module->host, module->settings, module->source->settings.count, &module->context, said, sizeof(said));

	if (err == 0) {
		module->is_started = true;
		return 0;
	}
	said[sizeof(said) - 1] = '\0';
	snprintf(why, why_size, "does not start: %s", *said ? said : "it does not say why");
	return TRUNK_EINVAL;
}

static int copy_settings(struct module *module)
{
	const struct filter_source *source = module->source;

	if (!(module->settings = calloc(source->settings.count + 1, sizeof(*module->settings))))
		return TRUNK_ENOMEM;
	for (unsigned i = 0; i < source->settings.count; i++)
		module->settings[i] = (struct trunk_setting){source->settings.list[i].key, source->settings.list[i].value};
	return 0;
}

/* A name without a folder would be looked for where libraries are. */
static void *open_object(const char *path)
{
	char here[PATH_MAX];

	snprintf(here, sizeof(here), "%s%s", strchr(path, '/') ? "" : "./", path);
	return dlopen(here, RTLD_NOW | RTLD_LOCAL);
}

int module_load(const struct filter_source *source, struct log *log, char *why, size_t why_size, struct module **ret_module)
{
	struct module *module = calloc(1, sizeof(*module));
	int err;

	if (!module)
		return TRUNK_ENOMEM;
	pthread_mutex_init(&module->log_lock, NULL);
	module->host = (struct trunk_host){.size = sizeof(module->host), .version = TRUNK_VERSION, .text = host_text,
					   .payload = host_payload, .log = host_log};
	module->source = source;
	module->log = log;
	if ((err = copy_settings(module)) < 0)
		goto done;
	dlerror();
	if (!(module->object = open_object(source->path))) {
		snprintf(why, why_size, "cannot be loaded: %s", dlerror());
		err = TRUNK_EINVAL;
		goto done;
	}
	module->code = dlsym(module->object, TRUNK_MODULE_SYMBOL);
	if ((err = check_code(module, why, why_size)) == 0)
		err = start_code(module, why, why_size);
done:
	if (err < 0)
		module_free(&module);
	else
		*ret_module = module;
	return err;
}

void module_free(struct module **module)
{
	struct module *m = *module;

	*module = NULL;
	if (!m)
		return;
	if (m->is_started && m->code->stop)
		m->code->stop(m->context);
	if (m->object)
		dlclose(m->object);
	pthread_mutex_destroy(&m->log_lock);
	free(m->settings);
	free(m);
}

/* ---- one stanza ---- */

static void describe(const struct filter_view *view, struct asked *asked, struct trunk_stanza *ret_stanza)
{
	struct filter_label label = {.words = STR_NONE};
	const bool has_label = view->label && view->label(view->ctx, &label);

	*ret_stanza = (struct trunk_stanza){
		.size = sizeof(*ret_stanza), .kind = (enum trunk_kind)view->kind, .from = trunk_str_of(view->from), .to = trunk_str_of(view->to),
		.type = trunk_str_of(view->type), .id = trunk_str_of(view->id), .lang = trunk_str_of(view->lang),
		.stanza_bytes = view->size_bytes, .host = asked,
	};
	if (!has_label)
		return;
	ret_stanza->label = trunk_str_of(label.words);
	ret_stanza->label_marking = trunk_str_of(label.marking);
	ret_stanza->label_policy = trunk_str_of(label.policy);
	ret_stanza->label_class = trunk_str_of(label.class_name);
	ret_stanza->label_is_default = label.is_default;
}

static bool read_reject(struct module_ask *ask, const struct trunk_answer *said, struct filter_answer *answer)
{
	answer->condition = said->condition ? stanza_condition_of(str_of(said->condition)) : COND_POLICY_VIOLATION;
	if (answer->condition == STANZA_CONDITION_NONE) {
		snprintf(ask->why, sizeof(ask->why), "\"%.64s\" is no condition of a stanza error", said->condition);
		return false;
	}
	if (said->text.at)
		answer->text = text_for_xml(&ask->scratch, str_make(said->text.at, said->text.len), FILTER_TEXT_BYTES_MAX);
	answer->outcome = FILTER_REJECT;
	return true;
}

static bool read_change(struct module_ask *ask, const struct filter_view *view, const struct trunk_answer *said, struct filter_answer *answer)
{
	if (!said->stanza.at) {
		snprintf(ask->why, sizeof(ask->why), "a change without a stanza");
		return false;
	}
	if (!change_read(view, str_make(said->stanza.at, said->stanza.len), &ask->scratch, &ask->out, ask->why, sizeof(ask->why)))
		return false;
	answer->outcome = FILTER_CHANGE;
	answer->stanza = buf_str(&ask->out);
	return true;
}

static bool read_answer(struct module_ask *ask, const struct filter_view *view, const struct trunk_answer *said, struct filter_answer *answer)
{
	switch (said->outcome) {
	case TRUNK_PASS:
		answer->outcome = FILTER_PASS;
		return true;
	case TRUNK_DROP:
		answer->outcome = FILTER_DROP;
		return true;
	case TRUNK_REJECT:
		return read_reject(ask, said, answer);
	case TRUNK_CHANGE:
		return read_change(ask, view, said, answer);
	}
	snprintf(ask->why, sizeof(ask->why), "its outcome %d is none of pass, reject, drop and change", (int)said->outcome);
	return false;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void note_slow(const struct module *module, struct module_ask *ask, int64_t took_ns)
{
	unsigned withheld;

	if (took_ns > MODULE_SLOW_MS * 1000000LL && module->log && log_allowance_take(&ask->slow, &withheld))
		LOG(module->log, LOG_WARNING, "filter-slow", KV_C("filter", module->source->name), KV_N("ms", took_ns / 1000000),
		    KV_N("withheld", withheld));
}

void module_run(struct module *module, struct module_ask *ask, const struct filter_view *view, struct filter_answer *ret_answer)
{
	struct asked asked = {.view = view, .scratch = &ask->scratch};
	struct trunk_answer said = {.size = sizeof(said)};
	struct filter_answer answer = {0};
	struct trunk_stanza stanza;
	const int64_t begin_ns = now_ns();
	int err;

	arena_clear(&ask->scratch);
	buf_clear(&ask->out);
	describe(view, &asked, &stanza);
	err = module->code->judge(module->context, &stanza, &said);
	note_slow(module, ask, now_ns() - begin_ns);
	if (err != 0)
		snprintf(ask->why, sizeof(ask->why), "the module reports error %d", err);
	if (err != 0 || !read_answer(ask, view, &said, &answer))
		answer = (struct filter_answer){.outcome = FILTER_FAILED, .why = ask->why};
	*ret_answer = answer;
}

void module_ask_fini(struct module_ask *ask)
{
	arena_fini(&ask->scratch);
	buf_fini(&ask->out);
}

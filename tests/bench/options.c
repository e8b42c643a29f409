/* SPDX-License-Identifier: Apache-2.0
 * The command line of the load driver. */
#include "options.h"

#include "die.h"
#include "mix.h"
#include "wire.h"

#include <getopt.h>
#include <string.h>

static const char usage[] =
	"load --trunk ADDRESS:PORT --listen ADDRESS:PORT… [OPTION…]\n"
	"Emulates the servers on both sides of a trunk, sends stanzas through it and checks each one that arrives.\n"
	"Prints one line of JSON. Exit 0: all arrived once, in order and unchanged; 1: not so; 2: could not run.\n\n"
	"  --trunk A:P, --listen A:P    where to connect to; where to await the trunk's links (repeatable)\n"
	"  --left NAME, --right NAME    domains (saturn.example.org, mercury.example.net); with --pairs their parents\n"
	"  --pairs N, --targets N       domain pairs d0.LEFT>t0.RIGHT…; fewer targets are shared in turn\n"
	"  --both                       both sides send\n"
	"  --proof dialback|external    how senders prove themselves; receivers offer both\n"
	"  --verify                     receivers ask the trunk by db:verify (default: call every key valid)\n"
	"  --sm                         both sides use stream management (XEP-0198)\n"
	"  --cert FILE                  PEM chain and key of the spokes (default: self-signed)\n"
	"  --tls 1.2|1.3 (1.3)          the only version used\n"
	"  --raw, --plain               stanzas without streams, for a byte relay; no TLS\n"
	"  --size BYTES|mix (200)       size of each stanza, or the mix of an ordinary evening\n"
	"  --templates N, --lanes N     different stanzas and address pairs of each flow\n"
	"  --one-record                 a TLS record for each stanza (default: records of 16 KiB)\n"
	"  --window N (2048)            stanzas on their way per flow\n"
	"  --rate N                     stanzas a second, open loop, with latency\n"
	"  --count N | --seconds S (5)  how much to send per flow; --warmup S (0.5), --drain S (20), --setup S (30)\n"
	"  --stalled N [--push MB (50)] so many of the targets prove themselves and then read nothing; what they get a second\n"
	"  --idle N [--through] [--hold S (1)], --connects N, --cold N    other measurements; --concurrency N (16)\n"
	"  --answered                   the other side is a server that answers each stanza with an error: what comes back counts\n"
	"  --rtt MS                     play round trips of that length between the trunk and both sides\n"
	"  --pid PID                    process to measure\n"
	"  --seed N, --spin, --label TEXT\n";

enum {
	O_TRUNK = 1, O_LISTEN, O_LEFT, O_RIGHT, O_PAIRS, O_TARGETS, O_BOTH, O_PROOF, O_VERIFY, O_CERT, O_TLS,
	O_RAW, O_PLAIN, O_SIZE, O_TEMPLATES, O_LANES, O_ONE_RECORD, O_WINDOW, O_RATE, O_COUNT, O_SECONDS,
	O_WARMUP, O_DRAIN, O_SETUP, O_STALLED, O_PUSH, O_IDLE, O_THROUGH, O_HOLD, O_CONNECTS, O_COLD,
	O_CONCURRENCY, O_PID, O_SEED, O_SPIN, O_RTT, O_LABEL, O_SM, O_ANSWERED, O_HELP,
};

static const struct option known[] = {
	{"trunk", 1, NULL, O_TRUNK}, {"listen", 1, NULL, O_LISTEN}, {"left", 1, NULL, O_LEFT},
	{"right", 1, NULL, O_RIGHT}, {"pairs", 1, NULL, O_PAIRS}, {"targets", 1, NULL, O_TARGETS},
	{"both", 0, NULL, O_BOTH}, {"proof", 1, NULL, O_PROOF}, {"verify", 0, NULL, O_VERIFY},
	{"cert", 1, NULL, O_CERT}, {"tls", 1, NULL, O_TLS}, {"raw", 0, NULL, O_RAW},
	{"plain", 0, NULL, O_PLAIN}, {"size", 1, NULL, O_SIZE}, {"templates", 1, NULL, O_TEMPLATES},
	{"lanes", 1, NULL, O_LANES}, {"one-record", 0, NULL, O_ONE_RECORD}, {"window", 1, NULL, O_WINDOW},
	{"rate", 1, NULL, O_RATE}, {"count", 1, NULL, O_COUNT}, {"seconds", 1, NULL, O_SECONDS},
	{"warmup", 1, NULL, O_WARMUP}, {"drain", 1, NULL, O_DRAIN}, {"setup", 1, NULL, O_SETUP},
	{"stalled", 1, NULL, O_STALLED}, {"push", 1, NULL, O_PUSH}, {"idle", 1, NULL, O_IDLE},
	{"through", 0, NULL, O_THROUGH}, {"hold", 1, NULL, O_HOLD}, {"connects", 1, NULL, O_CONNECTS},
	{"cold", 1, NULL, O_COLD}, {"concurrency", 1, NULL, O_CONCURRENCY}, {"pid", 1, NULL, O_PID},
	{"sm", 0, NULL, O_SM}, {"seed", 1, NULL, O_SEED}, {"spin", 0, NULL, O_SPIN}, {"answered", 0, NULL, O_ANSWERED}, {"rtt", 1, NULL, O_RTT},
	{"label", 1, NULL, O_LABEL}, {"help", 0, NULL, O_HELP}, {0},
};

static uint64_t number(const char *text, uint64_t max)
{
	uint64_t value = 0;

	if (str_number(str_of(text), max, &value) < 0)
		die("\"%s\" is no number up to %llu", text, (unsigned long long)max);
	return value;
}

static double decimal(const char *text)
{
	char *end;
	const double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0 && value < 1e9))
		die("\"%s\" is no positive number", text);
	return value;
}

/* One of two words. */
static bool is_first(const char *text, const char *first, const char *second)
{
	if (strcmp(text, first) != 0 && strcmp(text, second) != 0)
		die("\"%s\" should be %s or %s", text, first, second);
	return strcmp(text, first) == 0;
}

static void mode_set(struct options *o, enum mode mode, const char *text)
{
	o->mode = mode;
	o->number = number(text, 60000);
}

static void listen_add(struct options *o, const char *text)
{
	if (o->listen_count == LISTEN_MAX)
		die("more than %d times --listen", LISTEN_MAX);
	o->listen[o->listen_count++] = address_parse(text);
}

static bool set_flag(struct options *o, int option)
{
	switch (option) {
	case O_BOTH:
		return o->is_both = true;
	case O_VERIFY:
		return o->is_verifying = true;
	case O_SM:
		return o->is_managed = true;
	case O_RAW:
		return o->is_raw = true;
	case O_PLAIN:
		return o->is_plain = true;
	case O_ONE_RECORD:
		return o->is_one_record = true;
	case O_THROUGH:
		return o->is_through = true;
	case O_ANSWERED:
		return o->is_answered = true;
	case O_SPIN:
		return o->is_spinning = true;
	case O_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		return false;
	}
}

static bool set_size(struct options *o, int option, const char *text)
{
	size_t *const into = option == O_PAIRS ? &o->pairs : option == O_TARGETS ? &o->targets :
			     option == O_TEMPLATES ? &o->templates : option == O_LANES ? &o->lanes :
			     option == O_STALLED ? &o->stalled : option == O_CONCURRENCY ? &o->concurrency : NULL;

	if (into)
		*into = number(text, 60000);
	return into;
}

static bool set_time(struct options *o, int option, const char *text)
{
	double *const into = option == O_SECONDS ? &o->seconds : option == O_WARMUP ? &o->warmup_s :
			     option == O_DRAIN ? &o->drain_s : option == O_SETUP ? &o->setup_s :
			     option == O_HOLD ? &o->hold_s : option == O_RATE ? &o->rate :
			     option == O_RTT ? &o->rtt_ms : option == O_PUSH ? &o->push_mb : NULL;

	if (into)
		*into = decimal(text);
	return into;
}

static void set_other(struct options *o, int option, const char *text)
{
	switch (option) {
	case O_TRUNK:
		o->trunk = address_parse(text);
		break;
	case O_LISTEN:
		listen_add(o, text);
		break;
	case O_LEFT:
		o->left = text;
		break;
	case O_RIGHT:
		o->right = text;
		break;
	case O_PROOF:
		o->is_external = is_first(text, "external", "dialback");
		break;
	case O_CERT:
		o->certificate = text;
		break;
	case O_TLS:
		o->version_min = o->version_max = is_first(text, "1.2", "1.3") ? TLS1_2_VERSION : TLS1_3_VERSION;
		break;
	case O_SIZE:
		o->size_bytes = strcmp(text, "mix") == 0 ? MIX_REAL : (size_t)number(text, 1 << 20);
		break;
	case O_WINDOW:
		o->window = number(text, UINT32_MAX);
		break;
	case O_COUNT:
		o->count = number(text, UINT32_MAX - 1);
		break;
	case O_IDLE:
		mode_set(o, MODE_IDLE, text);
		break;
	case O_CONNECTS:
		mode_set(o, MODE_CONNECTS, text);
		break;
	case O_COLD:
		mode_set(o, MODE_COLD, text);
		break;
	case O_PID:
		o->pid = (pid_t)number(text, INT32_MAX);
		break;
	case O_SEED:
		o->seed = number(text, UINT32_MAX);
		break;
	case O_LABEL:
		o->label = text;
		break;
	default:
		die("see --help");
	}
}

static void options_check(struct options *o)
{
	if (o->mode == MODE_IDLE || o->mode == MODE_COLD)
		o->pairs = o->number;
	if (o->targets == 0 || o->targets > o->pairs)
		o->targets = o->pairs;
	if (o->templates == 0)
		o->templates = o->mode != MODE_LOAD ? 1 : o->pairs > 16 ? 16 : o->size_bytes == MIX_REAL ? 1024 : 64;
	if (o->lanes == 0)
		o->lanes = o->mode == MODE_LOAD && o->size_bytes == MIX_REAL && o->pairs <= 16 ? 64 : 1;
	if (o->lanes > o->templates)
		o->lanes = o->templates;
	if (o->trunk.sin_port == 0 || o->listen_count == 0)
		die("--trunk and --listen must be given; see --help");
	if (o->pairs == 0 || o->window == 0 || o->concurrency == 0 || (o->pairs << o->is_both) > UINT16_MAX)
		die("--pairs, --window and --concurrency cannot be 0, nor pairs more than 65535 both ways");
	if (o->stalled >= o->pairs && o->stalled)
		die("at least one of %zu pairs must not be stalled", o->pairs);
}

void options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){.mode = MODE_LOAD, .left = "saturn.example.org", .right = "mercury.example.net", .pairs = 1,
		.version_min = TLS1_3_VERSION, .version_max = TLS1_3_VERSION, .size_bytes = 200, .window = 2048, .seconds = 5,
		.warmup_s = 0.5, .drain_s = 20, .setup_s = 30, .hold_s = 1, .push_mb = 50, .concurrency = 16, .seed = 1,
		.label = ""};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (option == '?' || (!set_flag(options, option) && !set_size(options, option, optarg) &&
				      !set_time(options, option, optarg)))
			set_other(options, option, optarg);
	if (optind < argc)
		die("\"%s\" is not expected; see --help", argv[optind]);
	options_check(options);
}

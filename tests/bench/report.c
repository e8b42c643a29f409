/* SPDX-License-Identifier: Apache-2.0
 * Writes the report. */
#include "report.h"

#include <stdio.h>

struct moment moment_take(const struct load *load)
{
	struct moment moment = {.received = load->received, .received_bytes = load->received_bytes};

	moment.now_ns = clock_ns();
	moment.own_cpu_ns = proc_cpu_ns(0);
	moment.cpu_ns = load->options.pid ? proc_cpu_ns(load->options.pid) : 0;
	moment.memory = proc_memory(load->options.pid);
	return moment;
}

void report_count(const char *name, uint64_t value)
{
	printf(", \"%s\": %llu", name, (unsigned long long)value);
}

void report_number(const char *name, double value)
{
	printf(", \"%s\": %.4f", name, value);
}

void report_text(const char *name, const char *value)
{
	printf(", \"%s\": \"", name);
	for (; *value; value++)
		if ((unsigned char)*value >= ' ')
			printf(*value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	putchar('"');
}

void report_begin(const struct load *load, const char *mode)
{
	printf("{\"mode\": \"%s\"", mode);
	report_text("label", load->options.label);
	report_text("cipher", load->cipher);
	report_count("pairs", load->flow_count);
	report_number("stanza_bytes_mean", (double)load->flows[0].mix->bytes_total / (double)load->flows[0].mix->count);
}

void report_span(const struct load *load, const struct moment *from, const struct moment *until)
{
	const double seconds = (double)(until->now_ns - from->now_ns) / 1e9;
	const double cpu_s = (double)(until->cpu_ns - from->cpu_ns) / 1e9;
	const double own_cpu_s = (double)(until->own_cpu_ns - from->own_cpu_ns) / 1e9;
	const uint64_t stanzas = until->received - from->received;
	const uint64_t bytes = until->received_bytes - from->received_bytes;

	report_count("stanzas", stanzas);
	report_number("seconds", seconds);
	report_number("stanzas_per_s", (double)stanzas / seconds);
	report_number("mbytes_per_s", (double)bytes / seconds / 1e6);
	report_number("driver_cpu_share", own_cpu_s / seconds);
	report_number("driver_us_per_stanza", stanzas ? own_cpu_s * 1e6 / (double)stanzas : 0);
	if (load->options.pid == 0)
		return;
	report_number("cpu_s", cpu_s);
	report_number("cpu_share", cpu_s / seconds);
	report_number("cpu_us_per_stanza", stanzas ? cpu_s * 1e6 / (double)stanzas : 0);
	report_number("stanzas_per_cpu_s", cpu_s > 0 ? (double)stanzas / cpu_s : 0);
	report_count("rss_before_kib", from->memory.rss_kib);
	report_count("rss_after_kib", until->memory.rss_kib);
	report_count("rss_peak_kib", until->memory.peak_kib);
}

void report_histogram(const char *name, const struct histogram *histogram)
{
	static const struct {
		const char *name;
		double share;
	} points[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};

	for (size_t i = 0; histogram->total && i < sizeof(points) / sizeof(*points); i++)
		printf(", \"%s_%s_us\": %.1f", name, points[i].name, (double)histogram_at(histogram, points[i].share) / 1e3);
}

bool report_faults(const struct load *load)
{
	const struct faults *const f = &load->faults;
	uint64_t lost = 0, bounced = 0, stalled_unread = 0, stalled_bounced = 0;

	for (size_t i = 0; i < load->flow_count; i++) {
		const struct flow *const flow = &load->flows[i];

		*(flow->is_stalled ? &stalled_bounced : &bounced) += flow->bounced;
		*(flow->is_stalled ? &stalled_unread : &lost) += flow_outstanding(flow);
	}
	report_count("lost", lost);
	report_count("duplicated", f->duplicated);
	report_count("reordered", f->reordered);
	report_count("changed", f->changed);
	report_count("foreign", f->foreign);
	report_count("unproved", f->unproved);
	report_count("bounced", bounced);
	if (load->options.stalled) {
		report_count("stalled_unread", stalled_unread);
		report_count("stalled_bounced", stalled_bounced);
	}
	report_count("rewritten", load->rewritten);
	report_count("streams_failed", f->failed);
	report_count("streams_closed", f->closed);
	if (load->options.is_answered)
		bounced = 0;
	if (load->options.stalled)      /* a full memory may turn others away, too, as long as they are told */
		bounced = 0;
	return lost + bounced + f->duplicated + f->reordered + f->changed + f->foreign == 0 &&
	       f->unproved + f->failed + f->closed == 0;
}

void report_end(void)
{
	puts("}");
}

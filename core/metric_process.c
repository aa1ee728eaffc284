/* metric_process.c - what the process itself takes, and its sessions */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "core/metric.h"
#include "core/sess.h"

/* --- names that Prometheus gives to every process --- */

static void collect_memory(struct metric_sink *sink)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, resident;

	if (!f)
		return;
	if (fscanf(f, "%lu %lu", &size, &resident) == 2)
		metric_put(sink, NULL, (double)resident * (double)sysconf(_SC_PAGESIZE));
	fclose(f);
}

METRIC(process_memory) = {
	.name = "process_resident_memory_bytes",
	.type = METRIC_GAUGE,
	.help = "memory that the process has",
	.collect = collect_memory,
};

static void collect_files(struct metric_sink *sink)
{
	DIR *dir = opendir("/proc/self/fd");
	double n = 0;

	if (!dir)
		return;
	while (readdir(dir))
		n++;
	closedir(dir);
	metric_put(sink, NULL, n - 3); /* ".", "..", and the folder itself */
}

METRIC(process_files) = {
	.name = "process_open_fds",
	.type = METRIC_GAUGE,
	.help = "files and sockets that are open",
	.collect = collect_files,
};

static void collect_cpu(struct metric_sink *sink)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) == 0)
		metric_put(sink, NULL,
		    (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

METRIC(process_cpu) = {
	.name = "process_cpu_seconds_total",
	.type = METRIC_COUNTER,
	.help = "processor time used",
	.collect = collect_cpu,
};

static time_t started;

/* Constructors run before main: that is when the server was started. */
__attribute__((constructor)) static void note_start(void)
{
	started = time(NULL);
}

static void collect_start(struct metric_sink *sink)
{
	metric_put(sink, NULL, (double)started);
}

METRIC(process_start) = {
	.name = "process_start_time_seconds",
	.type = METRIC_GAUGE,
	.help = "when the process was started",
	.collect = collect_start,
};

static void collect_version(struct metric_sink *sink)
{
	metric_put(sink, SIGNET_VERSION, 1);
}

METRIC(process_version) = {
	.name = "signet_build_info",
	.type = METRIC_GAUGE,
	.help = "the version that runs",
	.label = "version",
	.collect = collect_version,
};

/* --- sessions --- */

static void count_session(void *arg, const struct sess_row *row)
{
	unsigned *counts = arg;

	for (size_t i = 0; i < proto_table_n; i++)
		counts[i] += strcmp(row->proto, proto_table[i]->name) == 0;
}

static void collect_sessions(struct metric_sink *sink)
{
	unsigned counts[proto_table_n + 1];

	memset(counts, 0, sizeof counts);
	sess_each(count_session, counts);
	for (size_t i = 0; i < proto_table_n; i++)
		metric_put(sink, proto_table[i]->name, counts[i]);
}

METRIC(sessions) = {
	.name = "signet_sessions",
	.type = METRIC_GAUGE,
	.help = "connections that are open",
	.label = "protocol",
	.collect = collect_sessions,
};

/* tally_merge.c - the records of tallies: "2", lines with their counts, an empty line, the note */
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/num.h"
#include "storage/tally_private.h"

static const char version[] = "2";

void tally_day_text(int64_t when, char text[TALLY_DAY_TEXT])
{
	time_t t = (time_t)when;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, TALLY_DAY_TEXT, "%Y%m%d", &tm);
}

void tally_put_day(int64_t when, struct buf *out)
{
	char day[TALLY_DAY_TEXT];

	tally_day_text(when, day);
	buf_addz(out, day);
}

/* --- reading --- */

static bool read_key(struct slice key, struct tally *out)
{
	struct slice date = slice_cut(&key, ' ');
	uint32_t n;

	if (date.n != 8 || !num_u32(date, &n))
		return false;
	struct tm tm = { .tm_year = (int)(n / 10000) - 1900,
		.tm_mon = (int)(n / 100 % 100) - 1,
		.tm_mday = (int)(n % 100) };
	out->day = (int64_t)timegm(&tm);
	out->domain = slice_cut(&key, ' ');
	out->rest = key;
	return out->domain.n > 0;
}

bool tally_next(struct slice *lines, struct slice *line, uint64_t *n)
{
	struct slice rest = slice_cut(lines, '\n');
	struct slice count = slice_cut(&rest, '\t');

	*line = rest;
	return count.n > 0 && num_u64(count, UINT64_MAX, n);
}

bool tally_read(struct slice key, struct slice record, struct tally *out)
{
	*out = (struct tally){ 0 };
	if (!read_key(key, out) || !slice_eq(slice_cut(&record, '\n'), slice_str(version)))
		return false;
	ptrdiff_t end = slice_starts(record, SLICE("\n")) ? 0 : slice_find(record, SLICE("\n\n"));
	if (end < 0)
		return false;
	out->lines = slice_head(record, (size_t)end);
	out->note = slice_from(record, (size_t)end + (end > 0 ? 2 : 1));
	return true;
}

/* --- merging --- */

/* How many were begun today in a room; by the one thread that writes. */
static bool may_begin(const char *room, struct slice key)
{
	static struct {
		const char *room;
		struct tally first;
		unsigned n;
	} begun[8];
	struct tally now;

	for (size_t i = 0; i < sizeof(begun) / sizeof(*begun) && read_key(key, &now); i++) {
		if (begun[i].room && begun[i].room != room)
			continue;
		if (begun[i].first.day != now.day)
			begun[i].n = 0;
		begun[i].room = room;
		begun[i].first.day = now.day;
		return begun[i].n++ < TALLY_NEW_MAX;
	}
	return false;
}

bool merge_begin(struct merging *m, const char *room, struct slice key)
{
	struct buf old = { 0 };
	struct tally tally;

	if (m->n_records == MERGE_RECORDS_MAX || (m->room && m->room != room))
		merge_put(m);
	m->room = room;
	m->key = pool_slice(&m->pool, key);
	m->n = 0;
	m->note = (struct slice){ 0 };
	int found = store_record_get(room, key, &old);
	bool good = found == 1 && tally_read(m->key, pool_slice(&m->pool, buf_slice(&old)), &tally);
	buf_done(&old);
	while (good && m->n < TALLY_LINES_MAX &&
	    tally_next(&tally.lines, &m->lines[m->n], &m->counts[m->n]))
		m->n++;
	if (good)
		m->note = tally.note;
	return found >= 0 && (good || may_begin(room, m->key));
}

void merge_line(struct merging *m, struct slice line, uint64_t n, struct slice note)
{
	size_t i = 0;

	while (i < m->n && !slice_eq(m->lines[i], line))
		i++;
	if (note.n > 0)
		m->note = note;
	if (i == TALLY_LINES_MAX)
		return;
	if (i == m->n) {
		m->lines[m->n] = line;
		m->counts[m->n++] = 0;
	}
	m->counts[i] += n;
}

void merge_end(struct merging *m)
{
	struct buf out = { 0 };

	buf_printf(&out, "%s\n", version);
	for (size_t i = 0; i < m->n; i++)
		buf_printf(
		    &out, "%llu\t%.*s\n", (unsigned long long)m->counts[i], SLICE_ARG(m->lines[i]));
	buf_addc(&out, '\n');
	buf_adds(&out, m->note);
	m->records[m->n_records++] =
	    (struct store_record){ .key = m->key, .value = pool_slice(&m->pool, buf_slice(&out)) };
	buf_done(&out);
}

void merge_put(struct merging *m)
{
	struct err err = { 0 };

	if (m->n_records > 0 && store_records_put(m->room, m->records, m->n_records, &err) != 0)
		log_event(
		    LOG_ERROR, "tally-not-kept", log_z("room", m->room), log_z("reason", err.text));
	m->n_records = 0;
}

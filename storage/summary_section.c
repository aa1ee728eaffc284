/* summary_section.c - where BODY[...] lies (RFC 9051 §6.4.5) */
#include "storage/summary.h"

/* Child number k (from 1) of a multipart. */
static bool child(const struct summary *s, size_t *part, uint32_t k)
{
	uint16_t depth = s->parts[*part].depth;

	for (size_t i = *part + 1; i < s->n_parts && s->parts[i].depth > depth; i++)
		if (s->parts[i].depth == depth + 1 && --k == 0) {
			*part = i;
			return true;
		}
	return false;
}

/* From a message to part k of it: what is no multipart is its own part 1. */
static bool part_of_message(const struct summary *s, size_t *part, uint32_t k)
{
	if (k == 0)
		return false;
	if (s->parts[*part].kind == SUMMARY_MULTIPART)
		return child(s, part, k);
	return k == 1;
}

/* Whatever part numbers count in: from a part to where it has them. */
static bool enter(const struct summary *s, size_t *part)
{
	switch ((enum summary_kind)s->parts[*part].kind) {
	case SUMMARY_MULTIPART:
		return true;
	case SUMMARY_MESSAGE:
		return child(s, part, 1);
	default:
		return false;
	}
}

static bool find(const struct summary *s, const uint32_t *path, size_t n, size_t *part)
{
	*part = 0;
	for (size_t i = 0; i < n; i++)
		if ((i > 0 && !enter(s, part)) || !part_of_message(s, part, path[i]))
			return false;
	return true;
}

static bool range(uint64_t begin, uint64_t end, uint64_t *from, uint64_t *to)
{
	*from = begin;
	*to = end;
	return true;
}

bool summary_section(const struct summary *summary, const uint32_t *path, size_t n,
    enum summary_section section, uint64_t *from, uint64_t *to)
{
	const struct summary_part *p;
	size_t part;

	if (summary->n_parts == 0 || !find(summary, path, n, &part))
		return false;
	if (section == SUMMARY_HEADER || section == SUMMARY_TEXT)
		if (n > 0 &&
		    (summary->parts[part].kind != SUMMARY_MESSAGE || !enter(summary, &part)))
			return false;
	p = &summary->parts[part];
	switch (section) {
	case SUMMARY_WHOLE:
		return range(n > 0 ? p->body : p->header, p->end, from, to);
	case SUMMARY_HEADER:
		return range(p->header, p->body, from, to);
	case SUMMARY_TEXT:
		return range(p->body, p->end, from, to);
	case SUMMARY_MIME:
		return n > 0 && range(p->header, p->body, from, to);
	}
	return false;
}

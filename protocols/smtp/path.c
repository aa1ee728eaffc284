/* path.c - the arguments of MAIL and RCPT: a path in brackets, then parameters */
#include "protocols/smtp/smtp.h"

static const char bad_path[] = "501 5.1.7 An address in <brackets> is needed";

/* Offset of the '>' that ends the path; a quoted local part may hold one. */
static ptrdiff_t path_end(struct slice s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '>' && !quoted)
			return (ptrdiff_t)i;
	}
	return -1;
}

const char *smtp_path(struct slice args, struct slice *path, struct slice *params)
{
	args = slice_trim(args);
	if (args.n < 2 || args.p[0] != '<')
		return bad_path;
	ptrdiff_t end = path_end(args);
	if (end < 0)
		return bad_path;
	*path = slice_of(args.p + 1, (size_t)end - 1);
	*params = slice_from(args, (size_t)end + 1);
	if (params->n > 0 && params->p[0] != ' ')
		return bad_path;
	/* RFC 5321 §4.1.1.3, appendix C: a source route is ignored */
	if (path->n > 0 && path->p[0] == '@') {
		ptrdiff_t colon = slice_chr(*path, ':');
		if (colon < 0)
			return bad_path;
		*path = slice_from(*path, (size_t)colon + 1);
	}
	return NULL;
}

/* Without a session, as fuzzers have it, all are. */
static bool is_offered(const struct smtp *smtp, const struct smtp_param *param)
{
	return !param->offered || !smtp->sess || param->offered(smtp);
}

static const struct smtp_param *find_param(
    const struct smtp *smtp, struct slice name, unsigned phase)
{
	for (size_t i = 0; i < smtp_param_table_n; i++) {
		const struct smtp_param *param = smtp_param_table[i];

		if (param->phase == phase && slice_ieq(name, slice_str(param->name)))
			return is_offered(smtp, param) ? param : NULL;
	}
	return NULL;
}

const char *smtp_params(
    struct smtp *smtp, struct deliver_rcpt *rcpt, struct slice params, unsigned phase)
{
	struct slice word;

	while ((word = slice_word(&params)).n > 0) {
		struct slice name = slice_cut(&word, '='); /* the value is left in word */
		const struct smtp_param *param = find_param(smtp, name, phase);

		if (!param)
			return "555 5.5.4 Unknown parameter";
		const char *why = param->set(smtp->mail, rcpt, word);
		if (why)
			return why;
	}
	return NULL;
}

/* ask.c - how the DNS is asked here */
#include "mailauth/ask.h"

enum { LABEL_BYTES_MAX = 63, NAME_BYTES_MAX = 253 };

static bool good_label(struct slice label)
{
	for (size_t i = 0; i < label.n; i++)
		if (label.p[i] < ' ' || label.p[i] >= 0x7f || label.p[i] == '\\')
			return false;
	return label.n > 0 && label.n <= LABEL_BYTES_MAX;
}

bool asker_name(struct slice name)
{
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n > NAME_BYTES_MAX || name.p[name.n - 1] == '.')
		return false;
	while (name.n > 0)
		if (!good_label(slice_cut(&name, '.')))
			return false;
	return true;
}

enum dns_status asker_ask(const struct asker *asker, struct slice name, enum dns_type type,
    struct pool *pool, struct dns_answer *out, struct err *err)
{
	*out = (struct dns_answer){ 0 };
	if (!asker_name(name))
		return DNS_ABSENT;
	return asker ? asker->ask(asker->arg, name, type, pool, out, err)
		     : dns_ask(name, type, pool, out, err);
}

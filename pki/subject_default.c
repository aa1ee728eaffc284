/* subject_default.c - what certificates and requests say where nothing is said (P-001) */
#include "core/conf.h"
#include "pki/pki_private.h"

#define DEFAULT(word, what)                                                                        \
	{                                                                                          \
		.name = "pki.subject-" word, .type = CONF_TEXT,                                    \
		.scopes = CONF_SERVER | CONF_DOMAIN, .def = "",                                    \
		.help = what " in new certificates and requests, where nothing else is said"       \
	}

CONF_KEY(pki_subject_c) = DEFAULT("c", "country, two letters,");
CONF_KEY(pki_subject_st) = DEFAULT("st", "province");
CONF_KEY(pki_subject_l) = DEFAULT("l", "city");
CONF_KEY(pki_subject_o) = DEFAULT("o", "organization");
CONF_KEY(pki_subject_ou) = DEFAULT("ou", "unit of the organization");
CONF_KEY(pki_subject_contact) = DEFAULT("contact", "e-mail address of who is asked");

static const struct conf_key *const keys[SUBJECT_PARTS] = {
	[SUBJECT_C] = &conf_key_pki_subject_c,
	[SUBJECT_ST] = &conf_key_pki_subject_st,
	[SUBJECT_L] = &conf_key_pki_subject_l,
	[SUBJECT_O] = &conf_key_pki_subject_o,
	[SUBJECT_OU] = &conf_key_pki_subject_ou,
	[SUBJECT_CONTACT] = &conf_key_pki_subject_contact,
};

void subject_defaults(struct subject *subject, const char *domain, struct pool *pool)
{
	struct conf_at at = { .domain = domain };
	struct buf text = { 0 };

	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++) {
		if (subject->part[i] || !keys[i])
			continue;
		conf_text(keys[i], &at, &text);
		if (text.n > 0)
			subject->part[i] = pool_str(pool, buf_slice(&text));
	}
	buf_done(&text);
}

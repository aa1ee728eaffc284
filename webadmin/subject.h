/* subject.h - fields for what a certificate says of its owner (C-036 to C-038) */
#ifndef WEBADMIN_SUBJECT_H
#define WEBADMIN_SUBJECT_H

#include "webadmin/web.h"

#define WEB_SUBJECT_FIELDS                                                                         \
	{ .name = "o", .label = "Organization" }, { .name = "ou", .label = "Unit" },               \
	    { .name = "l", .label = "City" }, { .name = "st", .label = "Province" },               \
	    { .name = "c", .label = "Country", .help = "Two letters.", .example = "DE" },          \
	{                                                                                          \
		.name = "contact", .label = "Contact",                                             \
		.help = "E-mail address of who answers for the certificate; it may be elsewhere.", \
		.example = "hostmaster@example.org"                                                \
	}

/* What the answer of an operation keeps of the last request, as said-cn, said-o and so on,
   is what the action's fields show at first. */
void web_said(
    struct web *web, const json_t *answer, const char *action, const struct web_field *fields);

/* P-001: what the settings pki.subject-* say, for forms of what is not there yet.
   domain may be NULL. */
void web_subject_defaults(
    struct web *web, const char *action, const struct web_field *fields, const char *domain);

/* C-034, C-035, C-046: the fields cn, names and more of the action offer what the
   domain in the path could be called. pki: the answer of `pki show`. After web_said. */
void web_offer_names(struct web *web, const json_t *pki, const char *action);

/* A choice whose label is its value. */
void web_add_name(json_t *choices, const char *name);

#endif

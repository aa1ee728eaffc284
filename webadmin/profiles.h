/* profiles.h - between the pages of certificate profiles */
#ifndef WEBADMIN_PROFILES_H
#define WEBADMIN_PROFILES_H

#include "webadmin/web.h"

/* A key with its certificates, in whatever form it comes. */
#define WEB_IDENTITY_FIELDS                                                                        \
	{ .name = "identity",                                                                      \
		.label = "File",                                                                   \
		.help = "PKCS#12 (.p12, .pfx), or PEM with key and certificates.",                 \
		.kind = WEB_FILE,                                                                  \
		.flags = WEB_REQUIRED },                                                           \
	    { .name = "password", .label = "Password of the file", .kind = WEB_PASSWORD },         \
	{                                                                                          \
		.name = "key", .label = "Private key, when it is in a file of its own",            \
		.kind = WEB_FILE                                                                   \
	}

/* E-032: what the file is called, and what locks it. */
#define WEB_FILE_PASSWORD_FIELDS                                                                   \
	{ .name = "file", .label = "File name", .flags = WEB_REQUIRED | WEB_LOCAL },               \
	    { .name = "password",                                                                  \
		    .label = "A password for the file",                                            \
		    .help = "Who has file and password has the private key.",                      \
		    .kind = WEB_PASSWORD,                                                          \
		    .flags = WEB_REQUIRED | WEB_NEW },                                             \
	    { .name = "again",                                                                     \
		    .label = "The password, once more",                                            \
		    .kind = WEB_PASSWORD,                                                          \
		    .flags = WEB_REQUIRED | WEB_AGAIN },                                           \
	{                                                                                          \
		.name = "older", .label = "For older programs",                                    \
		.help =                                                                            \
		    "Weaker locks, which Windows before 10, older phones and Java 8 can open.",    \
		.kind = WEB_CHECK                                                                  \
	}

/* model.pending.n: how many changes wait to be committed. */
void web_pending(struct web *web);

#endif

/* settings.h - settings in forms, made from their rows (core/conf.h) */
#ifndef WEBADMIN_SETTINGS_H
#define WEBADMIN_SETTINGS_H

#include "core/conf.h"
#include "webadmin/web.h"

/* A domain's or a destination's where its name stands in the path, else the server's. */
enum conf_scope web_setting_scope(struct web *web);

/* Can it be set there? */
bool web_setting_is_here(struct web *web, const struct conf_key *key);

/* For the partial "setting": what it is, what it may be, what it is set to here. */
json_t *web_setting(struct web *web, const struct conf_key *key);

/* All that can be set there, as model.settings. */
void web_settings(struct web *web);

/* Of the settings that are shown, set those whose field differs from what is set, or
   take them away. WEB_DONE with a flash, or -1: model.errors has the reasons. */
int web_settings_save(
    struct web *web, bool (*is_shown)(struct web *web, const struct conf_key *key));
/* Of all of them. An action's .run. */
int web_settings_save_all(struct web *web);

#endif

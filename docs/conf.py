# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of Sphinx for ``make docs``, which builds what antsibull-docs writes."""

from __future__ import annotations

project = "euc.aws"
title = html_short_title = "euc.aws"
root_doc = "index"

extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_use_index = False
pygments_style = "ansible"

# Every link of ours has to lead somewhere. What is named here lies on docs.ansible.com, whose list of pages is not
# fetched, so that the build needs no network.
nitpicky = True
nitpick_ignore_regex = [
    ("std:ref", r"ansible_collections\.amazon\..*"),
    ("std:ref", "ansible_configuration_settings|common_return_values"),
    # Ansible's own, which its own pages explain.
    ("std:envvar", r"ANSIBLE_(CACHE_PLUGIN|INVENTORY)\w*"),
]

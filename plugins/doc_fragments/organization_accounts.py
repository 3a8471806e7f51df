# Copyright: Contributors to the euc.aws project
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which accounts of an organization are meant: the options that the module and the inventory plugin share."""

from __future__ import annotations


class ModuleDocFragment:
    """The choice of accounts, who may ask for it, and what it costs."""

    DOCUMENTATION = r"""
options:
  organizational_units:
    description:
      - The organizational units whose accounts are chosen, by ID or by path from the root, such as
        V(/Workloads/Production). V(/) is the root, and so is its ID (V(r-ab12)).
      - Names are compared letter by letter, and upper and lower case count. A unit whose name has a V(/) is named by
        its ID.
      - Without this option and O(account_ids), the whole organization is chosen. An empty list chooses no account.
      - A null, as a template of a variable without a value makes it, is refused.
    type: list
    elements: str
  recursive:
    description:
      - Whether the accounts in all units below O(organizational_units) are chosen too.
      - Set it to V(false) only beside O(organizational_units).
    type: bool
    default: true
  account_ids:
    description:
      - Accounts that are chosen besides those of O(organizational_units), 12 digits each. Put them in quotes.
      - Alone, they are the choice. An empty list chooses no account, and a null is refused.
      - One that is in no state of O(states) is an error, unless it is excluded.
    type: list
    elements: str
  exclude_organizational_units:
    description:
      - Organizational units whose accounts are never chosen, by ID or path, with all units below, whatever
        O(recursive) says.
      - Exclusion always wins, however an account came in. A null is refused.
    type: list
    elements: str
  exclude_account_ids:
    description:
      - Accounts that are never chosen, 12 digits each. Put them in quotes.
      - Exclusion always wins, however an account came in. A null is refused.
    type: list
    elements: str
  states:
    description:
      - The states that chosen accounts are in. Accounts of chosen units that are in another state are left out.
    type: list
    elements: str
    choices:
      - PENDING_ACTIVATION
      - ACTIVE
      - SUSPENDED
      - PENDING_CLOSURE
      - CLOSED
    default:
      - ACTIVE
  include_tags:
    description:
      - Whether to read the tags of each chosen account.
      - This takes a call for each of them.
    type: bool
    default: false
notes:
  - Only the management account of the organization and its delegated administrators may ask.
  - The answer is never a part. A unit or an account that is unknown, in whatever option, a page that fails, or an
    account of whose state AWS tells nothing, is an error. That no account fits is an answer, with a warning.
  - A null for any of the options that choose accounts is refused, for Ansible does not tell it from an option that is
    left out. In a task C(omit) leaves an option out.
  - What AWS answers may be some seconds old. The organization is read over many calls, and an account that is moved
    meanwhile can be missed, where unit by unit is read, or be found where it was before.
  - botocore has to be 1.40.27 or later for the state of accounts, which older ones drop. With 1.42.80 or later the
    whole organization takes fewer calls.
  - The whole organization takes a call for each 20 accounts, and one for each 20 units of each unit, and of the root,
    that has units with chosen accounts below. One more finds the root if a path is named.
  - A part of the organization, or all of it where AWS or botocore does not tell the paths of accounts, takes, for each
    unit that is read, a call for each 20 accounts and one for each 20 units in it, at least two. Without O(recursive)
    it is only the accounts' call. Units that are excluded are not read. To find a unit by its ID takes one call, or,
    where paths are not told, one for each level above it. For its name, for those above and for each step of a path,
    it is one for every 20 units there.
  - Each account that is named and not met in this way takes one call, or two where AWS does not tell paths, and each
    excluded unit that is not met and is named by its ID takes one.
"""

/* The claim protocol: netdev/claims and daemon/host/{start,stop,recover}.cpp, as far as links go.

   One lodged with two guests, which start and stop; it dies between any two steps, and its store is sometimes brought
   back from a backup. Beside it lives everybody else on the host: they make links, with our names and on the numbers
   we have chosen, and delete theirs and ours. Checked over all orders of all of that:

     - nothing is deleted, and nothing marked, that is not ours (the assertions in `delete_link` and where a link is marked);
     - once a daemon has recovered, each link of ours has a claim, and belongs to a guest that runs;
     - a guest that runs keeps its link, unless somebody else deleted it: also a guest that the ledger has forgotten.

   What is assumed of the others: nobody gives a number of ours to another link between two of our requests about it.
   The kernel never does (it counts from 1, we choose above 1,000,000,000), and a second lodged on the host would have to reach
   the same number within microseconds.

   What it says of claims that are not links:

     - a link is the kind that is hardest to own: others can take its number and its name, and delete it. Control groups, folders, files,
       tables and the control socket take the same steps in the same order (planned, made, held, released), but have the claim's id in their
       name, which nobody else takes; a port is nothing but its claim. Their part of this is what is left of it without `others`;
     - a process is known here by a mark that nobody forges and that stays with it, which netdev/claims/process.cpp has to see to;
     - not here: a PCI device and a physical function, which existed before and are given back as they were found; the port of a switch;
       that release() goes on after a failure, and in which order it takes the kinds. Tests show those (tests/unit/netdev, tests/fault).

   A mutant (-DMUTANT=…) leaves one rule out, and has to be caught: tests/model/check. */

#ifndef MUTANT
#define MUTANT 0
#endif
#define RELEASE_BY_NAME 1   /* what a document names is what is deleted */
#define CLAIM_AFTERWARDS 2  /* the link first, the ledger then */
#define NO_READING_BACK 3   /* the number alone is believed */
#define CLOSE_FIRST 4       /* the claim goes before the link */
#define NO_GROUP 5          /* any link without an alias is believed to be one that we were about to mark */
#define NO_UNCLAIMED 6      /* recovery looks at claims only */
#define SAME_NUMBER 7       /* TOGETHER: numbers are drawn by chance, and two claims of one ledger may have the same */
#define SWEEP_IN_USE 8      /* recovery removes what no claim knows, though a guest that it does not know may be using it */

/* Two worlds, since one for all would take too long: -DTOGETHER, where two guests meet, and one in which a single guest
   starts again and again, with more deaths, and a store that may go back in time. -DSMALL: enough for a mutant. */
#ifdef TOGETHER
#define GUESTS_THAT_START 2
#define BACKUPS 0
#else
#define GUESTS_THAT_START 1
#define BACKUPS 1
#endif
#ifdef SMALL
#define STARTS 3
#define DEATHS 1
#define DEEDS 2    /* of the others */
#elif defined(TOGETHER)
#define STARTS 4
#define DEATHS 2
#define DEEDS 2
#else
#define STARTS 3
#define DEATHS 3
#define DEEDS 3
#endif
#define GUESTS 2
#define NUMBERS 3  /* of our private range */
#define NAMES 2

mtype = { nothing, ours, theirs };                /* what a number is in use for; known to the checker alone */
mtype = { none, planned, held };                  /* what the ledger says */
mtype = { idle, drawn, intended, made, marked, spawned, running, releasing, checked, closing };  /* how far a guest is */

typedef Link { mtype whose = nothing; byte name; byte mark; bool group };
typedef Claim { mtype state = none; byte id; byte number; byte name };

#define NO_MARK 0
#define THEIR_MARK 255

Link link[NUMBERS];
Claim ledger[GUESTS];   /* durable */
Claim backup[GUESTS];   /* of the ledger, taken at some time */
bool has_backup = false, went_back = false;

Claim mine[GUESTS];     /* what the daemon has in its hands; gone when it dies */
mtype at[GUESTS] = idle;
byte runs[GUESTS];       /* the mark of its process: the id of the claim; 0 if there is no process */
byte uses[GUESTS];       /* the number of the link that the process has open; known to the checker alone */
bool kept = false;       /* recovery has left what no claim knows, because a guest that no claim knows runs */
bool recovering = false;
bool deleted_by_others[GUESTS];

byte ids = 0;           /* claims are numbered at random, so that none comes twice, whatever is restored */
byte starts = 0, deaths = 0, deeds = 0;

/* Somebody is between two requests about this number. */
#define busy(k) ((at[0] == made || at[0] == checked) && mine[0].number == k || (at[1] == made || at[1] == checked) && mine[1].number == k)
#define free_name(m) (!(link[0].whose != nothing && link[0].name == m) && !(link[1].whose != nothing && link[1].name == m) && !(link[2].whose != nothing && link[2].name == m))
#define claimed(k) (ledger[0].state != none && ledger[0].number == k && ledger[0].id == link[k].mark || ledger[1].state != none && ledger[1].number == k && ledger[1].id == link[k].mark)
/* A link made, not yet marked. */
#define awaited(k) (link[k].mark == NO_MARK && (ledger[0].state != none && ledger[0].number == k || ledger[1].state != none && ledger[1].number == k))
/* A guest whose claim the ledger has forgotten, since it went back in time. */
#define forgotten(v) (runs[v] != 0 && (ledger[v].state == none || ledger[v].id != runs[v]))
#define ended(v) runs[v] = 0; uses[v] = 0
#define in_use(k) (runs[0] != 0 && uses[0] == k || runs[1] != 0 && uses[1] == k)
#define looks_like_ours(v) (link[mine[v].number].mark == mine[v].id || link[mine[v].number].mark == NO_MARK && (link[mine[v].number].group || MUTANT == NO_GROUP))

/* What nothing mentions is alike: of such numbers the lowest stands for all, of names the first, of guests that have not started the
   first. Every order of events is one of those searched, but for what things are called. */
#define held_by(c, k) (c.state != none && c.number == k)
#define mentioned(k) (link[k].whose != nothing || in_use(k) || at[0] != idle && mine[0].number == k || at[1] != idle && mine[1].number == k || held_by(ledger[0], k) || held_by(ledger[1], k) || held_by(backup[0], k) || held_by(backup[1], k))
#define pickable(k) (mentioned(k) || (k == 0 || mentioned(0)) && (k < 2 || mentioned(1)))
#define called(c, m) (c.state != none && c.name == m)
#define mentioned_name(m) (!free_name(m) || at[0] != idle && mine[0].name == m || at[1] != idle && mine[1].name == m || called(ledger[0], m) || called(ledger[1], m) || called(backup[0], m) || called(backup[1], m))
#define pickable_name(m) (m == 0 || mentioned_name(0) || mentioned_name(1))

inline copy(to, from) { to.state = from.state; to.id = from.id; to.number = from.number; to.name = from.name }
inline clear_link(k) { link[k].whose = nothing; link[k].name = 0; link[k].mark = NO_MARK; link[k].group = false }
inline clear_claim(c) { c.state = none; c.id = 0; c.number = 0; c.name = 0 }
inline write_down(v, how) { mine[v].state = how; copy(ledger[v], mine[v]) }
inline delete_link(k) { assert(link[k].whose == ours); clear_link(k) }

/* netdev::plan_port(), the two writes of daemon/host/start.cpp, netdev::make_port(). */
inline start_step(v) {
  if
  :: at[v] == idle && starts < STARTS && !recovering ->
     starts++; ids++;
     mine[v].id = ids;
     draw_number(v);
     if :: pickable_name(0) -> mine[v].name = 0 :: pickable_name(1) -> mine[v].name = 1 fi;
     at[v] = drawn
  :: at[v] == drawn ->
     if :: MUTANT != CLAIM_AFTERWARDS -> write_down(v, planned) :: else fi;
     at[v] = intended
  :: at[v] == intended ->
     if
     :: link[mine[v].number].whose == nothing && free_name(mine[v].name) ->
        link[mine[v].number].whose = ours;
        link[mine[v].number].name = mine[v].name;
        link[mine[v].number].group = true;
        at[v] = made
     :: at[v] = releasing  /* taken, or another failure: the same way back as a crash */
     fi
  :: at[v] == made ->
     if
     :: link[mine[v].number].whose != nothing ->
        assert(link[mine[v].number].whose == ours);
        link[mine[v].number].mark = mine[v].id;
        at[v] = marked
     :: at[v] = releasing
     fi
  :: at[v] == marked ->
     if
     :: runs[v] = mine[v].id; uses[v] = mine[v].number; at[v] = spawned
     :: at[v] = releasing
     fi
  :: at[v] == spawned ->
     if
     :: write_down(v, held); at[v] = running
     :: at[v] = releasing
     fi
  fi
}

/* netdev::choose_ifindex(): the numbers come from a counter, so that no two claims of one ledger have the same. */
#define drawable(k, other) (link[k].whose == nothing && pickable(k) && (MUTANT == SAME_NUMBER || mine[other].state == none && at[other] == idle || mine[other].number != k))
inline draw_number(v) {
  if
  :: drawable(0, 1 - v) -> mine[v].number = 0
  :: drawable(1, 1 - v) -> mine[v].number = 1
  :: drawable(2, 1 - v) -> mine[v].number = 2
  fi
}

/* netdev::release(): read back, delete; then the claim is closed. */
inline stop_step(v) {
  if
  :: at[v] == running && !recovering -> at[v] = releasing
  :: at[v] == releasing ->
     if :: runs[v] == mine[v].id -> ended(v) :: else fi;  /* the process goes first, by its mark */
     if :: MUTANT == CLOSE_FIRST -> clear_claim(ledger[v]) :: else fi;
     if
     :: MUTANT == RELEASE_BY_NAME ->
        if
        :: link[0].whose != nothing && link[0].name == mine[v].name -> mine[v].number = 0; at[v] = checked
        :: link[1].whose != nothing && link[1].name == mine[v].name -> mine[v].number = 1; at[v] = checked
        :: link[2].whose != nothing && link[2].name == mine[v].name -> mine[v].number = 2; at[v] = checked
        :: free_name(mine[v].name) -> at[v] = closing
        fi
     :: MUTANT != RELEASE_BY_NAME && link[mine[v].number].whose != nothing &&
          (looks_like_ours(v) || MUTANT == NO_READING_BACK) -> at[v] = checked
     :: else -> at[v] = closing  /* gone, or somebody else's: left alone */
     fi
  :: at[v] == checked ->
     if
     :: link[mine[v].number].whose != nothing -> delete_link(mine[v].number)
     :: else
     fi;
     at[v] = closing
  :: at[v] == closing ->
     clear_claim(ledger[v]); clear_claim(mine[v]);
     deleted_by_others[v] = false;
     at[v] = idle
  fi
}

inline back_up() { copy(backup[0], ledger[0]); copy(backup[1], ledger[1]); has_backup = true }

/* The next life reads the ledger: what was only planned is taken back, who runs goes on, or has ended meanwhile. */
inline die() {
  deaths++;
  if
  :: has_backup -> copy(ledger[0], backup[0]); copy(ledger[1], backup[1]); went_back = true
  :: true
  fi;
  copy(mine[0], ledger[0]); copy(mine[1], ledger[1]);
  wake(0); wake(1);
  recovering = true
}
inline wake(v) {
  if
  :: mine[v].state == none -> at[v] = idle; deleted_by_others[v] = false
  :: mine[v].state == planned -> at[v] = releasing
  :: mine[v].state == held && runs[v] == mine[v].id -> at[v] = running
  :: mine[v].state == held && runs[v] != mine[v].id -> at[v] = releasing
  fi
}

inline sweep(k) {
  if
  :: MUTANT != NO_UNCLAIMED && !kept && link[k].whose != nothing && link[k].mark != NO_MARK &&
       link[k].mark != THEIR_MARK && !claimed(k) -> assert(!in_use(k)); delete_link(k)
  :: else
  fi
}

/* netdev::recover(), after the claims: links with our mark that no claim knows. Only then is the daemon open. */
inline recovered() {
  kept = (forgotten(0) || forgotten(1)) && MUTANT != SWEEP_IN_USE;
  sweep(0); sweep(1); sweep(2);
  check_link(0); check_link(1); check_link(2);
  recovering = false
}
inline check_link(k) {
  /* A store from before the plan cannot know a link that was never marked: `lodge doctor` reports it by its group. */
  assert(link[k].whose != ours || claimed(k) || awaited(k) || went_back && (link[k].mark == NO_MARK || kept))
}
inline check_guest(v) {
  assert(runs[v] == 0 || at[v] == running || went_back);
  assert(at[v] != running || deleted_by_others[v] || went_back ||
         link[mine[v].number].whose == ours && link[mine[v].number].mark == mine[v].id)
}

#define resting(v) (at[v] == idle || at[v] == running)

/* daemon/host/strays.cpp, refuse_beside_stray(): no second process beside a forgotten one. */
#define may_start(v) (v < GUESTS_THAT_START && (v == 0 || starts > 0) && at[v] == idle && !forgotten(v) && !recovering && starts < STARTS && (drawable(0, 1 - v) || drawable(1, 1 - v) || drawable(2, 1 - v)))
#define starts_on(v) (at[v] == drawn || at[v] == intended || at[v] == made || at[v] == marked || at[v] == spawned)
#define may_stop(v) (at[v] == running && !recovering)
#define stops_on(v) (at[v] == releasing || at[v] == checked || at[v] == closing)
#define at_rest (resting(0) && resting(1))

active proctype daemon() {
  do
  :: atomic { may_start(0) || starts_on(0) -> start_step(0) }
  :: atomic { may_start(1) || starts_on(1) -> start_step(1) }
  :: atomic { may_stop(0) || stops_on(0) -> stop_step(0) }
  :: atomic { may_stop(1) || stops_on(1) -> stop_step(1) }
  :: atomic { forgotten(0) -> ended(0) }  /* it ends by itself; its link goes with the next recovery */
  :: atomic { forgotten(1) -> ended(1) }
  :: atomic { deaths < DEATHS -> die() }
  :: atomic { recovering && at_rest -> recovered() }
  :: atomic { BACKUPS > 0 && !has_backup -> back_up() }
  :: atomic { !recovering && at_rest -> check_guest(0); check_guest(1); check_link(0); check_link(1); check_link(2) }
  od
}

#define others_may(k) (deeds < DEEDS && (link[k].whose == theirs || !busy(k)) && (link[k].whose != nothing || pickable(k)))
inline others_make(k) {
  if
  :: link[k].whose == nothing && !busy(k) && pickable(k) ->
     if
     :: free_name(0) && pickable_name(0) -> link[k].name = 0
     :: free_name(1) && pickable_name(1) -> link[k].name = 1
     :: link[k].name = NAMES  /* one of no interest */
     fi;
     if :: link[k].mark = NO_MARK :: link[k].mark = THEIR_MARK fi;
     link[k].whose = theirs
  :: link[k].whose == theirs -> clear_link(k)
  :: link[k].whose == ours && !busy(k) ->
     note_deleted(k);
     clear_link(k)
  fi;
  deeds++
}
inline note_deleted(k) {
  if :: at[0] != idle && mine[0].number == k -> deleted_by_others[0] = true :: else fi;
  if :: at[1] != idle && mine[1].number == k -> deleted_by_others[1] = true :: else fi
}

active proctype others() {
  do
  :: atomic { others_may(0) -> others_make(0) }
  :: atomic { others_may(1) -> others_make(1) }
  :: atomic { others_may(2) -> others_make(2) }
  od
}

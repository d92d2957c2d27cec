/** What became of every delivered event; the four add up to what was delivered. */
export class EventCounters {
  delivered = 0;
  written = 0;
  duplicate = 0;
  fenced = 0;
  dead = 0;
}

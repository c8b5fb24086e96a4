"""Every setting of the product, in one class, read once from TANDEM_* variables and passed in.

No other module reads the environment. Paths inside a home are `home.py`'s business.
"""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings with defaults that need no file to edit first."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", extra="ignore")

    home: Path = Field(Path("var"), description="One home is one company (contract: Places).")
    exports: Path | None = Field(None, description="A folder of exports, read only; without it the home's inbox.")
    as_of: str | None = Field(None, description="A calendar day, or 'yesterday'; default: latest extract day in raw.")
    business_timezone: str = Field("Europe/Paris", description="The zone in which a day begins and ends.")
    reporting_currency: str = "EUR"
    phone_region: str = Field("FR", pattern="^[A-Z]{2}$", description="The country of phone numbers written without one.")
    language: Literal["en", "fr"] = "en"
    rebuild: bool = Field(False, description="Run the whole night even if nothing changed since the published one.")
    worklist_rows: int = Field(5000, ge=1, description="Entries per team in the worklists; the first are worth most a minute.")
    worklist_values: bool = Field(False, description="Whether the worklists show the values themselves, which may be personal.")
    record_links: dict[str, str] = Field(
        {}, description="source.entity → address of a record with {record_id} in it, for the worklists' links."
    )
    steward_alerts: dict[str, list[str]] = Field(
        {}, description="Team → addresses of the digest, as Apprise writes them (mailto://, slack://, msteams://); none: off."
    )
    keep_versions: int = Field(3, ge=1, description="Published versions kept for rollback.")
    dbt_threads: int = Field(2, ge=1)
    memory_limit: str = Field(
        "4GB",
        pattern=r"^\s*\d+(\.\d+)?\s*[KMGTkmgt][Ii]?[Bb]\s*$",
        description="DuckDB's memory limit while it builds and publishes; the process takes one or two gigabytes more.",
    )
    engine: Literal["duckdb", "spark"] = Field("duckdb", description="What builds the models of a night.")
    spark_master: str = Field(
        "spark://127.0.0.1:7077",
        description="Where Spark runs; the default is what `make spark-up` starts; local[2] needs none.",
    )
    spark_driver_memory: str = "1g"
    spark_executor_memory: str = Field("768m", description="Memory of Spark's process on each worker.")
    spark_shuffle_partitions: int = Field(4, ge=1, description="Parts of a join or a group: about twice the workers' cores.")
    spark_options: str = Field("", description="More of Spark's own settings: key=value pairs, parted by spaces.")
    settle_seconds: float = Field(
        35.0,
        ge=0,
        description="How long a file in the inbox must have kept its size to count as complete; NAME.done says it now.",
    )
    landing_memory_limit: str = Field("1GB", description="DuckDB's memory limit in the process that reads delivered files.")
    landing_process_bytes: int = Field(
        3 * 2**30, description="Address space that the reading process may use beyond what its libraries take."
    )
    export_profiles_dir: Path = Field(
        PROJECT_DIR / "seeds" / "export_profiles", description="The company's own export profiles: they win over the shipped."
    )

    data_docs: bool = Field(
        False, description="Whether each audit also writes Great Expectations' own pages, quality/data_docs: no values."
    )
    fiscal_year_start_month: int = Field(
        1, ge=1, le=12, description="First month of the fiscal year, which is called after the year it ends in."
    )
    registry_dir: Path = Field(
        PROJECT_DIR / "seeds", description="Where objectives/, sla/ and calendars/ lie, which both teams sign."
    )
    pseudonym_key_file: Path | None = Field(
        None, description="The pseudonym key, outside every home; without it ~/.config/tandem/pseudonym.key."
    )
    postgres_dsn: SecretStr | None = Field(None, description="A Postgres server that gets the marts too; never printed.")
    originals_days: int = Field(400, ge=1, description="Days for which delivered files are kept beside their rows in raw.")
    quarantine_days: int = Field(30, ge=1, description="Days for which refused files and rows are kept.")
    prospect_months: int = Field(36, ge=1, description="Months after a prospect's last contact until he is to be erased.")

    @field_validator("business_timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"'{value}' is no time zone; write it as Europe/Paris") from error
        return value

    schedule_enabled: bool = Field(False, description="Whether nightly_schedule and inbox_sensor start switched on.")

    @property
    def dbt_project_dir(self) -> Path:
        """The dbt project of this checkout."""
        return PROJECT_DIR / "dbt_project"

    @property
    def seeds_dir(self) -> Path:
        """What a company edits to make this its own."""
        return PROJECT_DIR / "seeds"

    @property
    def expectations_dir(self) -> Path:
        """Great Expectations suites, the stewardship contract and the publish policy."""
        return PROJECT_DIR / "expectations"

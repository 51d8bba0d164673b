import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm";

@Entity({ name: "mods" })
export class ModEntity {
  @PrimaryColumn("text") id!: string;
  @Column("text") slug!: string;
  @Column("text") title!: string;
  @Column("text") status!: string;
}

@Entity("reviews")
export class ReviewEntity {
  @PrimaryColumn("text") id!: string;
  @Column("int") stars!: number;
  @Column("text", { nullable: true }) body!: string | null;
}

@Entity("audit_logs")
export class AuditEntity {
  @PrimaryGeneratedColumn("increment") id!: string;
  @Column("text") action!: string;
  @Column("text") entity!: string;
  @Column("text", { name: "entity_id" }) entityId!: string;
}
